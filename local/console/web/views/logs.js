// Logs and errors: lines of all functions; an exception with its source.
import { el } from "../dom.js";
import { time } from "../format.js";
import { pretty } from "../json.js";
import { choice, list, one } from "../list.js";

const LEVELS = [["", "All lines"], ["problems", "Warnings and errors"], ["errors", "Errors"], ["exceptions", "Exceptions"]];
const TONES = { ERROR: "bad", CRITICAL: "bad", EXCEPTION: "bad", WARNING: "warn" };

export function mount(root, context) {
  if (context.identifier) return opened(root, context.identifier);
  const open = new Set();
  return list(root, context, {
    view: "logs", title: "Logs and errors", noun: "line", kinds: ["log", "failure"], hint: "Message, field, function or correlation id",
    empty: "No line yet. What functions log or print is shown here, and their exceptions.",
    filters: (state, change) => choice("Level", LEVELS, state.level, (value) => change("level", value)),
    draw: (items) => items.map((line) => row(line, open)),
  });
}

function row(line, open) {
  const head = [el("span.mono.soft", time(line.at, el)), line.level && TONES[line.level] ? el("span.tag", { class: TONES[line.level] }, line.level.toLowerCase()) : el("span.soft", (line.level || "print").toLowerCase()),
    el("span.mono.cut", line.message), el("span.soft.cut.function", line.function.split("/").at(-1).replace(/Function$/, ""))];
  if (line.kind === "failure") return el("a.log-line", { href: `/_local/logs/${line.number}` }, head);
  return el("details.log", { open: open.has(line.number), ontoggle: (event) => open[event.target.open ? "add" : "delete"](line.number) }, el("summary.log-line", head),
    el("div.pad", line.request && el("p.spaced", "In request ", el("a.mono", { href: `/_local/requests/${encodeURIComponent(line.request)}` }, line.request)), Object.keys(line.more).length ? el("pre", { tabindex: "0" }, pretty(line.more)) : el("pre", line.message)));
}

function opened(root, identifier) {
  return one(root, { path: `logs/${identifier}`, crumb: ["/_local/logs", "Logs and errors"], draw: (found) => [
    el("div.head", el("h1.error-title", found.message)),
    el("p.soft.spaced", found.place && [el("code", found.place), " in "], el("b", found.function), ", ", time(found.at, el), found.request && [", request ", el("a.mono", { href: `/_local/requests/${encodeURIComponent(found.request)}` }, found.request)]),
    found.frames.toReversed().map((frame) => el("section.frame.sheet", el("h2.mono", `${frame.path}:${frame.line}`), frame.source.length ? el("pre.source", { tabindex: "0" }, frame.source.map((line) => el("span", { class: line.number === frame.line ? "here" : "" }, el("i", String(line.number)), line.text, "\n"))) : null)),
    el("h2", "Traceback"), el("div.sheet", el("pre.pad", { tabindex: "0" }, found.trace)),
  ] });
}
