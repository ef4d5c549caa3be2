import { parse } from "./dom.js";

async function call(path, options) {
  const response = await fetch(`/-/${path}`, options).catch((error) => {
    throw error.name === "AbortError" ? error : new Error("The server does not answer: is it running?");
  });
  if (response.ok) return parse((await response.text()) || "null");
  const text = await response.text();
  let message = text;
  try {
    message = JSON.parse(text).error;
  } catch { /* It is a sentence. */ }
  throw new Error(message);
}

export const get = (path, signal) => call(path, { signal });

export const post = (path, body, signal) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });

// login takes the token out of the address, where a bookmark would keep it.
export async function login() {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (!token) return;
  history.replaceState(null, "", "/");
  await call("login", { method: "POST", headers: { "X-Page-Token": token } });
}
