import { h, parse, say, time, ms } from "./dom.js";
import { get } from "./api.js";
import { drawEvent } from "./event.js";

const maxCards = 100;

// cards are all deliveries by id, the oldest first.
export const cards = new Map();
let list;

export const states = {
  received: "working", posted: "posted", duplicate: "duplicate", ignored: "ignored", dry_run: "dry run", queued: "queued", held_back: "held back",
  waiting: "waiting", refused: "refused", failed: "failed", dead_letter: "dead letter", acted: "done",
};

export const badge = (state, id) => h("span", { class: `badge ${state}`, "data-state": state, "data-id": id }, states[state] ?? state);

// link leads to a delivery.
export const link = (card, text = card.title || "A request") => h("a", { href: `#/delivery/${encodeURIComponent(card.id)}` }, text);

let drawn = 0; // An id may have spaces, which the id of an element cannot have.

function draw(card) {
  const title = `title-${drawn++}`;
  return h("article", { class: "card", "data-id": card.id, "data-state": card.state, "aria-labelledby": title },
    h("header", {},
      h("h2", { id: title }, link(card)),
      badge(card.state), time(card.received), card.took_ms > 0 && h("span", {}, ms(card.took_ms))),
    h("p", { class: "why" }, card.why),
    card.event && drawEvent(card.event));
}

function show(card) {
  const old = cards.get(card.id)?.element;
  const element = draw(card);
  cards.set(card.id, { card, element });
  if (!list) return;
  if (old?.isConnected) old.replaceWith(element);
  else list.prepend(element);
  while (list.children.length > maxCards) list.lastElementChild.remove();
}

// connect follows the deliveries. The browser connects again by itself.
export function connect() {
  const connection = document.getElementById("connection");
  const source = new EventSource("/-/stream");
  source.addEventListener("clear", () => {
    cards.clear();
    list?.replaceChildren();
  });
  source.addEventListener("message", (message) => {
    const card = parse(message.data);
    show(card);
    if (card.state !== "received") say(`${states[card.state] ?? card.state}: ${card.title || "a request"}`);
    document.dispatchEvent(new CustomEvent("delivery", { detail: card }));
  });
  source.addEventListener("open", () => {
    connection.textContent = "connected";
    document.dispatchEvent(new Event("connected"));
  });
  source.addEventListener("error", async () => {
    connection.textContent = "not connected: is the server running?";
    if (source.readyState === EventSource.CLOSED) await get("setup").catch((error) => { connection.textContent = `not connected: ${error.message}`; });
  });
}

export function streamView() {
  list = h("div", { class: "stream" });
  for (const { element } of [...cards.values()].slice(-maxCards)) list.prepend(element);
  return [
    h("h2", { class: "unseen", tabindex: "-1" }, "Stream"),
    h("p", { class: "hint" }, "Each delivery to the function appears here. ", h("a", { href: "#/try" }, "Send a sample, or an alert of your own.")),
    list,
  ];
}
