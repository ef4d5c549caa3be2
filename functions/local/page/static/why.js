import { h, time } from "./dom.js";
import { badge, cards, link } from "./stream.js";

const maxFound = 50;

const results = h("div", { "aria-live": "polite" });
const input = h("input", { id: "words", type: "search", autocomplete: "off", spellcheck: "false" });

// search finds the newest deliveries that have all words, in their ids, their states or their events.
function search() {
  const words = input.value.toLowerCase().split(/\s+/);
  const found = [...cards.values()].reverse().map(({ card }) => card).filter((card) => {
    const text = JSON.stringify({ ...card, event: card.event?.request }).toLowerCase();
    return words.every((word) => text.includes(word));
  });
  results.replaceChildren(found.length === 0
    ? h("p", {}, "This server saw no such alert. Look at the webhook's address in Datadog, and at the monitor's message: it must mention the webhook.")
    : h("ul", { class: "found" }, found.slice(0, maxFound).map((card) => h("li", {},
      link(card), " ", badge(card.state), " ", time(card.received), h("p", { class: "why" }, card.why)))),
  found.length > maxFound ? h("p", { class: "hint" }, `The newest ${maxFound} of ${found.length}: write more words to see others.`) : "");
}

input.addEventListener("input", search);

let frame; // A page that loads gets all deliveries at once.
document.addEventListener("delivery", () => {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => input.isConnected && search());
});

export function whyView() {
  search();
  return [
    h("h2", { tabindex: "-1" }, "Why did no event come?"),
    h("div", { role: "search", class: "field" }, h("label", { for: "words" }, "An alert's id, or words of its title, tags, text or state"), input),
    results,
  ];
}
