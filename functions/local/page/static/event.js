import { h, sanitized, pretty } from "./dom.js";

const number = new Intl.NumberFormat("en");

// bar shows how full the text is, and how much of it is addresses.
function bar(event) {
  const links = Math.min(event.links, event.characters);
  const label = `${number.format(event.characters)} of ${number.format(event.limit)} characters, ${number.format(links)} of them links`;
  const parts = [["links", links], ["words", event.characters - links]].map(([name, size]) => {
    const part = h("span", { class: name });
    part.style.width = `${(100 * size) / event.limit}%`;
    return part;
  });
  return h("div", { class: "size" },
    h("div", { class: "bar", role: "img", "aria-label": label }, parts),
    h("p", {}, label),
    event.left_out && h("p", { class: "left-out" }, `Left out, for Datadog's limit: ${event.left_out}`));
}

// drawEvent draws an event as Datadog does.
export function drawEvent(event, level = 3) {
  const facts = [event.status, event.priority && `priority ${event.priority}`, event.host && `host ${event.host}`, `API ${event.api}`];
  return h("div", { class: `event status-${event.status}` },
    h(`h${level}`, {}, event.title),
    h("p", { class: "facts" }, facts.filter(Boolean).join(" · ")),
    sanitized(event.html),
    h("ul", { class: "tags", "aria-label": "Tags" }, (event.tags ?? []).map((tag) => h("li", {}, tag))),
    bar(event),
    h("details", {}, h("summary", {}, "Request to Datadog"), h("pre", { tabindex: "0" }, pretty(event.request))));
}

// drawVersions draws the event of both APIs side by side.
export const drawVersions = (versions) =>
  h("div", { class: "versions" }, versions.map((event, i) =>
    h("section", { "aria-label": `Event of the API ${event.api}` },
      h("h3", {}, `API ${event.api}`, i > 0 && h("small", {}, " as it would be")),
      drawEvent(event, 4))));
