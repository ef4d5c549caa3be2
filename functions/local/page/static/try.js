import { h, say } from "./dom.js";
import { get, post } from "./api.js";
import { drawResult } from "./trip.js";

// The view stays as it is while other views are shown.
let view;
let setup;
let running;
let timer;

const field = (id, label, control) => h("div", { class: "field" }, h("label", { for: id }, label), control);

function area(id, value, rows) {
  const text = h("textarea", { id, rows, spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
  text.value = value;
  text.addEventListener("input", later);
  return text;
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(preview, 250);
}

// select moves the cursor to a place that a problem names.
function select(text, line, column) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
  text.focus();
  text.setSelectionRange(start, start + 1);
}

const draft = () => ({ body: view.body.value, file: view.file.value, playbooks: view.playbooks.value });

async function preview() {
  running?.abort();
  running = new AbortController();
  const { playbooks, problems, result } = view;
  result.setAttribute("aria-busy", "true");
  try {
    const seen = await post("preview", draft(), running.signal);
    problems.replaceChildren(...seen.problems.map((one) => h("li", {},
      one.line > 0 && h("button", { type: "button", onclick: () => select(playbooks, one.line, one.column) }, `Line ${one.line}, column ${one.column}`), ` ${one.warning ? "Warning: " : ""}${one.text}`)));
    playbooks.setAttribute("aria-invalid", seen.problems.some((one) => !one.warning));
    if (!seen.fields && !seen.error) return; // The last result stays.
    result.replaceChildren(...[seen.error && h("p", { class: "problem" }, seen.error), seen.fields && drawResult(seen)].flat().filter(Boolean));
  } catch (error) {
    if (error.name !== "AbortError") problems.replaceChildren(h("li", {}, error.message));
  } finally {
    result.removeAttribute("aria-busy");
  }
}

// act does something and says how it went.
const act = (text, run) => h("button", {
  type: "button",
  onclick: async () => {
    view.outcome.replaceChildren();
    try {
      const text = await run();
      say(text);
      if (!view.outcome.hasChildNodes()) view.outcome.append(h("p", {}, text));
    } catch (error) {
      view.outcome.replaceChildren(h("p", { class: "problem" }, error.message));
    }
  },
}, text);

async function deliver(count) {
  await post("send", { body: view.body.value, count });
  view.outcome.replaceChildren(h("p", {}, `Sent ${count === 1 ? "the alert" : `${count} alerts`}. `, h("a", { href: "#/stream" }, "See the stream")));
  return "Sent";
}

async function keep() {
  const kept = await post("keep", { ...draft(), name: view.name.value });
  if (kept.cases) {
    view.outcome.replaceChildren(h("p", { class: kept.ok ? "good" : "problem" }, `Kept in ${kept.file}. ${kept.ok ? "All its tests pass." : "A test fails."}`),
      h("ul", {}, kept.cases.map((one) => h("li", {}, one.failures ? `${one.name} failed: ${one.failures.join("; ")}` : one.name))), h("pre", { tabindex: "0" }, kept.text));
    return "Kept";
  }
  const link = h("a", { href: URL.createObjectURL(new Blob([kept.text], { type: "text/yaml" })), download: kept.file }, `Download ${kept.file}`);
  view.outcome.replaceChildren(h("p", {}, "The page writes beside a file that --playbooks names only. ", link), h("pre", { tabindex: "0" }, kept.text));
  return "Here is the case";
}

async function save() {
  await post("save", { ...draft(), read: setup.files[view.file.value] });
  setup.files[view.file.value] = view.playbooks.value;
  view.outcome.replaceChildren(h("p", { class: "good" }, "Saved. The function uses it from now on."));
  return "Saved";
}

const faults = [
  ["", "works"], ["status:500", "answers 500"], ["status:503", "answers 503"], ["rate-limited", "limits the rate"], ["forbidden", "refuses the key"],
  ["slow:2s", "is slow"], ["hang", "never answers"], ["reset", "resets the connection"], ["drop-response", "loses its answer"], ["corrupt", "answers what is not JSON"],
];

function misbehaviour() {
  const fault = h("select", { id: "fault" }, faults.map(([value, text]) => h("option", { value }, text)));
  const route = h("select", { id: "route" }, ["*", ...setup.routes].map((value) => h("option", { value }, value === "*" ? "all calls" : value)));
  const calls = h("input", { id: "calls", type: "number", min: "0", value: "1" });
  return h("details", {}, h("summary", {}, "Let the fake of Datadog fail"), h("div", { class: "row" },
    field("fault", "It", fault), field("route", "For", route), field("calls", "Calls (0: all)", calls),
    act("Apply", async () => {
      if (!calls.value || !calls.checkValidity()) throw new Error("Write how many calls it is for: a whole number, or 0 for all.");
      await post("fault", { fault: fault.value, route: route.value, calls: Number(calls.value) });
      return fault.value ? "The next calls fail" : "It works again";
    })));
}

async function open() {
  setup = await get("setup");
  const names = Object.keys(setup.samples);
  const sample = h("select", { id: "sample" }, h("option", { value: "" }, "Choose a sample"), names.map((value) => h("option", { value }, value)));
  const files = Object.keys(setup.files);
  const file = h("select", { id: "file" }, files.map((value) => h("option", { value }, value)));
  view = {
    file, body: area("body", setup.samples.triggered ?? "", 12), playbooks: area("playbooks", setup.files[file.value], 12),
    problems: h("ul", { class: "problems", id: "problems", "aria-live": "polite" }), result: h("div", { class: "result" }), outcome: h("div", { class: "outcome", "aria-live": "polite" }),
    name: h("input", { id: "name", value: "says what it says today" }),
  };
  sample.addEventListener("change", () => {
    view.body.value = setup.samples[sample.value] ?? view.body.value;
    preview();
  });
  const edits = {}; // what may not be saved, by file
  let shown = file.value;
  file.addEventListener("change", () => {
    edits[shown] = view.playbooks.value;
    shown = file.value;
    view.playbooks.value = edits[shown] ?? setup.files[shown];
    preview();
  });
  addEventListener("beforeunload", (event) => {
    edits[shown] = view.playbooks.value;
    if (setup.writable && Object.keys(edits).some((name) => edits[name] !== setup.files[name])) event.preventDefault();
  });
  view.playbooks.setAttribute("aria-describedby", "problems");
  view.content = [
    h("h2", { tabindex: "-1" }, "Try an alert and a playbook"),
    h("div", { class: "editors" },
      h("section", { "aria-label": "Alert" }, field("sample", "Sample", sample), field("body", "Body of the webhook", view.body),
        h("div", { class: "row" }, act("Send it", () => deliver(1)), !setup.live && [act("Send a burst of 10", () => deliver(10)), act("Send a storm of 100", () => deliver(100))]),
        setup.live ? h("p", { class: "hint" }, "What you send is posted to the real Datadog.") : misbehaviour()),
      h("section", { "aria-label": "Playbooks" }, field("file", "File", file), field("playbooks", "Playbooks", view.playbooks), view.problems,
        h("div", { class: "row" }, setup.writable && act("Save", save), field("name", "Name of the test case", view.name), act("Keep as test case", keep)))),
    view.outcome,
    h("h2", {}, "Result"),
    h("p", { class: "hint" }, "It changes with each change above. Nothing is posted."),
    view.result,
  ];
}

export async function tryView() {
  if (!view) await open();
  const body = sessionStorage.getItem("body");
  if (body) {
    sessionStorage.removeItem("body");
    view.body.value = body;
  }
  preview();
  return view.content;
}
