import { h, copy, json, ms, pretty, time } from "./dom.js";
import { get } from "./api.js";
import { badge, cards, link } from "./stream.js";
import { drawVersions } from "./event.js";

// pathOf is the template of a value below a step: the way a playbook reads it.
export function pathOf(step, keys) {
  let path = /^[A-Za-z_]\w*$/.test(step) ? `.steps.${step}` : `(index .steps "${step}")`;
  for (const key of keys) {
    if (typeof key === "number") path = `(index ${path} ${key})`;
    else path = /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `(index ${path} ${JSON.stringify(key)})`;
  }
  return `{{ ${path} }}`;
}

// tree shows a finding. A click on a value copies its path.
function tree(step, value, keys = []) {
  if (value === null || typeof value !== "object" || JSON.isRawJSON?.(value)) {
    const path = pathOf(step, keys);
    return h("button", { type: "button", class: "value", title: `Copy ${path}`, onclick: () => copy(path) }, value === "" ? "\"\"" : pretty(value));
  }
  const entries = Array.isArray(value) ? value.map((item, i) => [i, item]) : Object.entries(value);
  if (entries.length === 0) return h("span", {}, "none");
  return h("ul", { class: "tree" }, entries.map(([key, inner]) => h("li", {}, h("span", { class: "key" }, `${key}: `), tree(step, inner, [...keys, key]))));
}

function waterfall(steps) {
  if (steps.length === 0) return h("p", {}, "No step ran.");
  const begun = steps.filter((step) => step.start_ms > 0);
  const start = Math.min(...begun.map((step) => step.start_ms));
  const span = Math.max(1, ...begun.map((step) => step.start_ms + step.duration_ms - start));
  return h("ul", { class: "waterfall" }, steps.map((step) => {
    const bar = h("span", { class: `run ${step.status}` });
    bar.style.marginLeft = `${Math.max(0, (100 * (step.start_ms - start)) / span)}%`;
    bar.style.width = `${Math.max(0.5, (100 * step.duration_ms) / span)}%`;
    return h("li", {}, h("details", { open: step.status !== "skipped" && steps.length === 1 },
      h("summary", {}, h("span", { class: "name" }, step.name), h("span", { class: "track" }, bar), h("span", { class: "took" }, `${step.status}, ${ms(step.duration_ms)}`)),
      step.uses && step.uses !== step.name && h("p", {}, `uses ${step.uses}`),
      step.why && h("p", { class: "problem" }, step.why),
      step.with && [h("h4", {}, "Input"), h("pre", { tabindex: "0" }, step.with)],
      step.data && [h("h4", {}, "Output"), h("p", { class: "hint" }, "A click on a value copies its template path."), tree(step.name, step.data)]));
  }));
}

function verdicts({ used, verdicts }) {
  const all = verdicts.map((one) => ({ name: one.Playbook, clauses: one.Clauses ?? [], used: one.Matched && !one.Unreached, why: one.Unreached ? "not reached, a playbook above it ends the matching" : one.Err && "its condition failed" }));
  const other = used.filter((name) => !all.some((one) => one.used && one.name === name)).map((name) => ({ name, clauses: [], used: true, why: "no playbook of the file matches" }));
  return h("ul", { class: "verdicts" }, [...all, ...other].map((one) =>
    h("li", {}, h("strong", {}, `${one.used ? "✓" : "✗"} ${one.name}`), one.used ? " is used" : " is not used", one.why && `: ${one.why}`,
      one.clauses.length > 0 && h("ul", {}, one.clauses.map((clause) =>
        h("li", { class: clause.Holds ? "true" : "false" }, h("code", {}, clause.Text), clause.Holds ? " is true" : " is false"))))));
}

function fields(result) {
  const guessed = (result.guessed ?? []).map((one) => h("li", {}, `${one.field} is guessed from ${one.source.replaceAll("_", " ")}`));
  const unreadable = (result.unreadable ?? []).map((one) => h("li", {}, `${one.field} ${one.reason}`));
  return [
    guessed.length + unreadable.length > 0 && h("ul", { class: "notes" }, unreadable, guessed),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Fields of the alert" },
      h("table", {},
        h("thead", {}, h("tr", {}, ["Field", "Value", "Key of the payload"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, result.fields.map((field) =>
          h("tr", {}, h("th", { scope: "row" }, h("code", {}, `alert.${field.path}`)), h("td", {}, pretty(field.value)), h("td", {}, field.key ? h("code", {}, field.key) : "–")))))),
  ];
}

const part = (title, ...content) => h("section", { class: "part" }, h("h3", {}, title), content);

// drawResult shows what the pipeline made of an alert.
export function drawResult(result) {
  return [
    result.versions?.length > 0 && part("The event", drawVersions(result.versions)),
    result.warnings?.length > 0 && part("To fix in the playbook", h("ul", {}, result.warnings.map((text) => h("li", {}, text)))),
    part("Playbooks", verdicts(result)),
    part("Steps", waterfall(result.steps)),
    part("The alert", fields(result)),
  ];
}

// first links the delivery that a duplicate repeats.
function first(trip) {
  const found = trip.state === "duplicate" && [...cards.values()].find(({ card }) => card.event_id === trip.event_id && card.state === "posted");
  return found && [" ", link(found.card, "See that delivery")];
}

export async function deliveryView(id) {
  const trip = await get(`deliveries/${encodeURIComponent(id)}`);
  return [
    h("h2", { tabindex: "-1" }, trip.title || "A request"),
    h("p", {}, badge(trip.state, trip.id), " ", time(trip.received), trip.took_ms > 0 && `, answered in ${ms(trip.took_ms)}`),
    h("p", { class: "why" }, trip.why, ...(first(trip) || [])),
    trip.tries.length > 1 && h("ol", {}, trip.tries.map((one) => h("li", {}, one))),
    trip.fields && drawResult(trip),
    trip.request.rawPath && part("The request",
      h("p", {}, h("code", {}, `${trip.request.requestContext.http.method} ${trip.request.rawPath}`), " ", h("a", { href: "#/try", onclick: () => sessionStorage.setItem("body", trip.request.body) }, "Try this body")),
      h("pre", { tabindex: "0" }, json(trip.request.body)),
      h("details", {}, h("summary", {}, "As it came"), h("pre", { tabindex: "0" }, `${pretty(trip.request.headers)}\n\n${trip.request.body}`))),
    trip.answer.statusCode > 0 && part(`The answer: ${trip.answer.statusCode}`, h("pre", { tabindex: "0" }, json(trip.answer.body))),
  ].flat().filter(Boolean);
}
