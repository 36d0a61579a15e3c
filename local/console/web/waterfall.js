// Draws the life of a request: one row a span, bars on one axis of time, and what is known of a row below it.
import { el, facts } from "./dom.js";
import { duration, plural } from "./format.js";
import { pretty } from "./json.js";
import { scale } from "./scale.js";
import { foldedAtFirst, rows, visible } from "./tree.js";

export const KINDS = {
  gateway: ["Request", "handler"], authorizer: ["Authorizer", "authorizer"], handler: ["Handler", "handler"], publish: ["Publisher", "authorizer"],
  event: ["Event on the bus", "event"], consumer: ["Consumer", "consumer"], step: ["Step", "step"], saga: ["State machine", "step"],
  table: ["Table call", "table"], aws: ["AWS call", "aws"], http: ["HTTP call", "http"], mail: ["Mail", "mail"], socket: ["Socket message", "socket"],
  log: ["Log", "log"], failure: ["Exception", "bad"], part: ["Part", "authorizer"], function: ["Function", "consumer"],
};
const INSTANTS = new Set(["log", "failure", "socket"]);

/** Return the waterfall of spans; `state` keeps what is folded and open while it is drawn again. */
export function waterfall(spans, state) {
  const all = rows(spans), axis = scale(spans);
  state.folded ??= foldedAtFirst(all);
  state.open ??= new Set();
  const list = el("ol.rows", { "aria-label": "Steps in the order of time" });
  const draw = () => {
    const focused = document.activeElement?.dataset?.span;
    list.replaceChildren(...visible(all, state.folded).map((row) => line(row, axis, state, draw)));
    if (focused) list.querySelector(`[data-span="${CSS.escape(focused)}"]`)?.focus();
  };
  list.addEventListener("keydown", (event) => move(event, all, state, draw));
  draw();
  const answered = spans.find((span) => span.kind === "gateway");
  return el("div.waterfall", head(axis), el("div.canvas", grid(axis, answered), list), legend(spans));
}

function head(axis) {
  return el("div.axis", { "aria-hidden": "true" }, el("span.name", "What happened"),
    el("span.track", axis.ticks.map(({ place, seconds }) => el("span.tick", { style: { left: `${100 * place}%` } }, seconds ? duration(seconds).replace(/\.0+ /, " ").replace(/(\.\d)0 /, "$1 ") : "0"))));
}

/** The lines behind the rows: ticks, cut gaps, and the moment of the response. */
function grid(axis, answered) {
  const lines = axis.ticks.map(({ place }) => el("i", { style: { left: `${100 * place}%` } }));
  const gaps = axis.gaps.map((gap) => el("span.gap", { title: `${duration(gap.end - gap.start)} in which nothing happened`, style: { left: `${100 * gap.from}%`, width: `${100 * (gap.to - gap.from)}%` } }, el("b", duration(gap.end - gap.start))));
  const response = answered && axis.at(answered.end) < 0.995 ? el("span.answered", { style: { left: `${100 * axis.at(answered.end)}%` } }) : null;
  return el("div.grid", { "aria-hidden": "true" }, el("div.track", lines, gaps, response));
}

function line(row, axis, state, draw) {
  const { span, depth, children } = row;
  const isOpen = state.open.has(span.id), isFolded = state.folded.has(span.id), hidden = children.filter((each) => isFolded && isQuiet(each));
  const toggle = () => { isOpen ? state.open.delete(span.id) : state.open.add(span.id); draw(); };
  const fold = (event) => { event.stopPropagation(); isFolded ? state.folded.delete(span.id) : state.folded.add(span.id); draw(); };
  const quiet = children.some(isQuiet);
  return el("li", { class: `kind-${KINDS[span.kind][1]} is-${span.kind} ${span.status}`, style: { "--depth": String(depth) } },
    el("div.line",
      el("span.name",
        quiet ? el("button.fold", { type: "button", tabindex: "-1", "aria-label": `${isFolded ? "Show" : "Hide"} the calls of ${span.name}`, onclick: fold }, isFolded ? "▸" : "▾") : el("span.fold"),
        el("button.label", { type: "button", "data-span": span.id, "aria-expanded": String(isOpen), onclick: toggle },
          el("span.mark", { "aria-hidden": "true" }), el("span.hidden", `${KINDS[span.kind][0]}: `), el("span.text", span.name),
          span.detail && el("span.detail", span.detail), hidden.length ? el("span.detail.folded", plural(hidden.length, "call")) : null)),
      el("span.track", bar(span, axis, hidden))),
    isOpen && details(span));
}

function isQuiet(span) {
  return ["table", "aws", "log", "part", "function"].includes(span.kind) && span.status === "ok";
}

function bar(span, axis, hidden) {
  const place = (start, end) => ({ left: `${100 * axis.at(start)}%`, width: `${100 * Math.max(0, axis.at(end) - axis.at(start))}%` });
  const parts = span.phases.map((phase) => el("span.phase", { class: phase.kind, title: `${WAITS[phase.kind]} ${duration(phase.end - phase.start)}`, style: place(phase.start, phase.end) }));
  const marks = hidden.filter((each) => each.kind !== "log").map((each) => el("span.inner", { class: `kind-${KINDS[each.kind][1]}`, style: place(each.start, each.end) }));
  const end = axis.at(span.end), begin = axis.at(Math.min(span.begin, span.start));
  const took = INSTANTS.has(span.kind) || span.end === span.begin ? "" : lasting(span);
  const text = took && el("span.took", end < 0.88 ? { style: { left: `${100 * end}%` } } : { class: "before", style: { right: `${100 * (1 - begin)}%` } }, took);
  const instant = INSTANTS.has(span.kind) ? span.start : span.kind === "event" ? span.instant : 0;
  const own = INSTANTS.has(span.kind) ? null : el("span.work", { style: place(span.start, span.end) });
  return [parts, own, marks, instant ? el("span.instant", { style: { left: `${100 * axis.at(instant)}%` } }) : null, text];
}

/** How long a span worked, and after what wait. */
function lasting(span) {
  const wait = span.start - span.begin;
  const after = wait > 0.02 && wait > (span.end - span.start) / 4 ? ` after ${duration(wait)}` : "";
  return `${duration(span.end - span.start)}${span.kind === "gateway" ? ` to the ${span.detail}` : after}`;
}

const WAITS = { queue: "waited in the queue", init: "started a process" };

function details(span) {
  const waits = span.phases.map((phase) => [WAITS[phase.kind], duration(phase.end - phase.start)]);
  const known = [["what", KINDS[span.kind][0]], ["at", new Date(span.start * 1000).toISOString().replace("T", " ")], INSTANTS.has(span.kind) ? ["", ""] : ["worked", duration(span.end - span.start)], ...waits, ...span.facts, ["function", span.function], ["status", span.status === "ok" ? "" : span.status]];
  return el("div.details", { "data-of": span.id },
    facts(known),
    span.items.length ? items(span.items) : null,
    span.payload ? el("pre.payload", { tabindex: "0" }, typeof span.payload === "string" ? span.payload : pretty(span.payload)) : null,
    span.link && el("p", el("a", { href: span.link }, `Open ${KINDS[span.kind][0].toLowerCase()}`)));
}

function items(keys) {
  return el("div.items", el("table", el("thead", el("tr", ["Action", "Partition key", "Sort key"].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", keys.map((key) => el("tr", el("td", key.action || "–"),
      el("td.mono", el("a", { href: `/_local/table?pk=${encodeURIComponent(key.pk)}` }, key.pk)), el("td.mono", key.sk))))));
}

function legend(spans) {
  const there = [...new Set(spans.map((span) => span.kind))].filter((kind) => !["part", "gateway", "saga"].includes(kind));
  const phases = new Set(spans.flatMap((span) => span.phases.map((phase) => phase.kind)));
  return el("ul.legend", { "aria-label": "Legend" }, there.map((kind) => el("li", { class: `kind-${KINDS[kind][1]} is-${kind}` }, el("span.mark"), KINDS[kind][0])),
    phases.has("queue") && el("li", el("span.sample.queue"), "waits in a queue"), phases.has("init") && el("li", el("span.sample.init"), "a process starts"));
}

/** Arrow keys: up and down through the rows, right unfolds, left folds. */
function move(event, all, state, draw) {
  const label = event.target.closest(".label");
  if (!label || !["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"].includes(event.key)) return;
  event.preventDefault();
  if (event.key === "ArrowRight") state.folded.delete(label.dataset.span);
  else if (event.key === "ArrowLeft") state.folded.add(label.dataset.span);
  else {
    const labels = [...event.currentTarget.querySelectorAll(".label")];
    labels[labels.indexOf(label) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    return;
  }
  draw();
}
