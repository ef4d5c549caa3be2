// h makes an element. Texts become text nodes, so nothing in them is markup.
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

// The only place that makes markup of a text: the server has sanitized it.
const policy = globalThis.trustedTypes?.createPolicy("page", { createHTML: (text) => text });

export function sanitized(html) {
  const element = h("div", { class: "markdown" });
  element.innerHTML = policy ? policy.createHTML(html) : html;
  return element;
}

let last;

// say tells screen readers, and on the page who looks at it.
export function say(text) {
  const news = document.getElementById("news");
  clearTimeout(last);
  last = setTimeout(() => { news.textContent = text; }, 100);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied ${text}`);
  } catch {
    say(`The browser does not let the page copy: ${text}`);
  }
}

export const time = (text) => h("time", { datetime: text }, new Date(text).toLocaleTimeString());

export const ms = (number) => (number < 10 ? number.toFixed(1) : Math.round(number)) + " ms";

export const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

// parse keeps the digits of numbers that JavaScript rounds, such as the ids of events.
export const parse = (text) => JSON.parse(text, (key, value, context) =>
  Number.isInteger(value) && !Number.isSafeInteger(value) && JSON.rawJSON && context ? JSON.rawJSON(context.source) : value);

// json is a text as people read JSON, if it is JSON.
export function json(text) {
  try {
    return JSON.stringify(parse(text), null, 2);
  } catch {
    return text;
  }
}
