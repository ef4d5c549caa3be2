import { h } from "./dom.js";
import { login } from "./api.js";
import { connect, streamView } from "./stream.js";
import { deliveryView } from "./trip.js";
import { tryView } from "./try.js";
import { whyView } from "./why.js";

const views = { stream: streamView, try: tryView, why: whyView, delivery: deliveryView };
const main = document.getElementById("main");

async function route(event) {
  const [, name, argument] = location.hash.split("/");
  const view = views[name] ?? streamView;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#/${name || "stream"}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let content;
  try {
    content = await view(decodeURIComponent(argument ?? ""));
  } catch (error) {
    content = [h("p", { class: "problem" }, error.message)];
  }
  main.replaceChildren(...content);
  if (event) main.querySelector("h2[tabindex]")?.focus();
}

async function start() {
  try {
    await login();
  } catch (error) {
    main.replaceChildren(h("p", { class: "problem" }, error.message));
    return;
  }
  connect();
  addEventListener("hashchange", route);
  document.addEventListener("connected", () => main.querySelector(":scope > .problem") && route()); // The server answers again.
  document.addEventListener("delivery", ({ detail }) => {
    const shown = main.querySelector(".badge[data-id]");
    if (shown?.dataset.id === detail.id && shown.dataset.state !== detail.state) route();
  });
  await route();
}

start();
