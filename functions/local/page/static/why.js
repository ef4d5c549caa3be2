import { h, time } from "./dom.js";
import { get } from "./api.js";
import { badge } from "./stream.js";

const results = h("div", { "aria-live": "polite" });
const input = h("input", { id: "words", type: "search", autocomplete: "off", spellcheck: "false" });

async function search(event) {
  event?.preventDefault();
  let found;
  try {
    found = await get(`search?q=${encodeURIComponent(input.value)}`);
  } catch (error) {
    results.replaceChildren(h("p", { class: "problem" }, error.message));
    return;
  }
  results.replaceChildren(found.length === 0
    ? h("p", {}, "This server saw no such alert. Look at the webhook's address in Datadog, and at the monitor's message: it must mention the webhook.")
    : h("ul", { class: "found" }, found.map((card) => h("li", {},
      h("a", { href: `#/delivery/${encodeURIComponent(card.id)}` }, card.title || "A request"), " ", badge(card.state), " ", time(card.received), h("p", { class: "why" }, card.why)))));
}

export function whyView() {
  search();
  return [
    h("h2", { tabindex: "-1" }, "Why did no event come?"),
    h("form", { role: "search", onsubmit: search },
      h("label", { for: "words" }, "An alert's id, or words of its title, tags, body or state"), h("div", { class: "row" }, input, h("button", {}, "Search"))),
    results,
  ];
}
