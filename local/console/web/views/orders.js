// Orders: the state machine as a graph, the history, and the order as it stood at any moment.
import { el, facts } from "../dom.js";
import { duration, plural } from "../format.js";
import { draw as drawn } from "../graph.js";
import { pretty } from "../json.js";
import { choice, list, one, table } from "../list.js";

const STATUSES = ["pending", "reserved", "paid", "confirmed", "rejected", "cancelled"];
const BY_EVENT = { Placed: "pending", StockReserved: "reserved", Paid: "paid", Confirmed: "confirmed", Rejected: "rejected", Cancelled: "cancelled" };
const TONES = { confirmed: "good", rejected: "bad", cancelled: "warn" };
const total = (lines) => lines?.length ? { amount: lines.reduce((sum, line) => sum + line.quantity * line.unit_price.amount, 0), currency: lines[0].unit_price.currency } : null;
const money = (value) => value?.currency ? new Intl.NumberFormat("en", { style: "currency", currency: value.currency }).format(value.amount / 10 ** (new Intl.NumberFormat("en", { style: "currency", currency: value.currency }).resolvedOptions().maximumFractionDigits)) : "";

export function mount(root, context) {
  if (context.identifier) return opened(root, context.identifier);
  return list(root, context, {
    view: "orders", title: "Orders", noun: "order", kinds: ["event"], hint: "Number, product, customer or payment",
    empty: "No orders yet.", filters: (state, change) => choice("Status", [["", "Any status"], ...STATUSES.map((each) => [each, each])], state.status, (value) => change("status", value)),
    draw: (items) => table("orders", [["Order"], ["Status"], ["Lines", "wide"], ["Total", "number"], ["Placed"]], items.map((order) => el("tr",
      el("td.mono.cut", el("a.stretched", { href: `/_local/orders/${order.id}` }, order.number ?? order.id)), el("td", el("span.tag", { class: TONES[order.status] ?? "" }, order.status)),
      el("td.cut.wide", (order.lines ?? []).map((line) => `${line.quantity} × ${line.name}`).join(", ")), el("td.number", money(total(order.lines))), el("td.soft.mono", (order.created_at ?? "").slice(0, 19).replace("T", " "))))),
  });
}

function opened(root, identifier) {
  let at = null;
  return one(root, { path: `orders/${encodeURIComponent(identifier)}`, crumb: ["/_local/orders", "Orders"], kinds: ["event"], draw: ({ order, history, machine, runs, taken, requests }) => {
    const last = history.length - 1, seen = el("div"), moment = el("output");
    const slider = el("input", { type: "range", min: "0", max: String(last), value: String(Math.min(at ?? last, last)), "aria-label": "As of", oninput: () => { at = Number(slider.value); draw(); } });
    const draw = () => {
      const position = Number(slider.value);
      moment.textContent = history[position].at.replace("T", " ");
      seen.replaceChildren(...asOf(history, position, { machine, runs, taken }));
    };
    draw();
    return [
      el("div.head", el("h1", "Order ", el("span.mono", order.id)), el("span.tag", { class: TONES[order.status] ?? "" }, order.status ?? ""), el("span.end", el("a.button", { href: `/_local/table?pk=ORDER%23${identifier}` }, "Items in the table"))),
      el("div.sheet.pad", facts([["customer", order.customer_id && el("a.mono", { href: `/_local/users/${order.customer_id}` }, order.customer_id)], ["total", money(total(order.lines))], ["payment", order.payment && [order.payment.method, order.payment.status, order.payment.reference].filter(Boolean).join(", ")], ["reason", order.reason],
        ["requests", el("span", requests.map((each) => el("a.mono.spread", { href: `/_local/requests/${encodeURIComponent(each)}` }, each)))]])),
      el("div.as-of", el("label", el("span", "As of"), slider), moment),
      seen];
  } });
}

/** The state machine, the history, and what the moment's event holds. */
function asOf(history, position, saga) {
  const now = history[position], status = history.slice(0, position + 1).map((each) => BY_EVENT[each.type]).findLast(Boolean) ?? "pending";
  const until = position === history.length - 1 ? Infinity : Date.parse(now.at) / 1000;
  return [
    el("p.soft", "The order is ", el("b", status), ` after ${position + 1} of ${plural(history.length, "event")}.`),
    el("div.saga", el("section", el("h2", "State machine"), ...graph(saga, until)), el("section", el("h2", "History"), el("div.sheet", el("ol.history", history.map((each, index) => el("li", { class: index > position ? "later" : index === position ? "now" : "" },
      el("details", { open: index === position }, el("summary", el("span.mono.soft", each.at.slice(11, 23)), el("b", each.type), el("span.soft", index ? `+${duration((Date.parse(each.at) - Date.parse(history[index - 1].at)) / 1000)}` : "")), el("pre.pad", { tabindex: "0" }, pretty(each.data))))))))),
  ];
}

/** The drawing, and the same in words: each step in the order of time, with its attempts. */
function graph({ machine, runs, taken }, until) {
  const before = runs.filter((run) => run.at <= until), way = taken.filter((edge) => edge.at <= until), steps = [];
  for (const run of before) {
    const last = steps.at(-1);
    if (last?.step === run.step && last.execution === run.execution) last.runs.push(run);
    else steps.push({ step: run.step, execution: run.execution, runs: [run] });
  }
  const words = steps.map((each) => `${each.step}: ${told(each.runs)}`);
  if (way.some((edge) => edge.target === "End")) words.push("End");
  return [
    el("div.sheet.drawing", { tabindex: "0", role: "region", "aria-label": "Drawing of the state machine" }, drawn({ machine, taken: way, text: `The way of the order. ${words.join(". ") || "No step has run"}.`, note: (name) => noted(machine, name, before.filter((run) => run.step === name)) })),
    steps.length ? el("ol.sheet.way", { "aria-label": "The way of the order" }, steps.map((each) => el("li", { class: each.runs.at(-1).error ? "failed" : lane(machine, each.step) ? "undone" : "" }, el("b", each.step), el("span.soft", told(each.runs)))))
      : el("p.sheet.pad.soft", "No run of a step is recorded up to this moment."),
  ];
}

const lane = (machine, name) => machine.nodes.find((node) => node.name === name)?.lane ?? 0;

function noted(machine, name, runs) {
  if (!runs.length) return { line: "not run", kind: "" };
  const failed = runs.filter((run) => run.error).length, kind = runs.at(-1).error ? "ran failed" : lane(machine, name) ? "ran undone" : "ran";
  return { line: failed ? `${failed} of ${runs.length} failed` : runs.length > 1 ? `${runs.length} runs` : duration(runs[0].ended - runs[0].at), kind };
}

/** What became of a step's attempts, in words. */
function told(runs) {
  const failed = runs.filter((run) => run.error), took = duration(runs.at(-1).ended - runs[0].at), errors = [...new Set(failed.map((run) => run.error))].join(", ");
  if (!failed.length) return took;
  return failed.length === runs.length ? `failed ${failed.length === 1 ? "" : `${failed.length} times `}(${errors}), ${took}` : `succeeded at attempt ${runs.length} (${errors} before), ${took}`;
}
