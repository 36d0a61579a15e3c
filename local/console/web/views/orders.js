// Orders: the state machine as a graph, the history, and the order as it stood at any moment.
import { el, facts } from "../dom.js";
import { duration } from "../format.js";
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
  return one(root, { path: `orders/${encodeURIComponent(identifier)}`, crumb: ["/_local/orders", "Orders"], kinds: ["event"], draw: ({ order, history, machine, steps, requests }) => {
    const last = history.length - 1, seen = el("div");
    const slider = el("input", { type: "range", min: "0", max: String(last), value: String(Math.min(at ?? last, last)), "aria-label": "As of", oninput: () => { at = Number(slider.value); draw(); } });
    const draw = () => seen.replaceChildren(...asOf(history, Number(slider.value), machine, steps));
    draw();
    return [
      el("div.head", el("h1", `Order ${order.number ?? ""}`), el("span.tag", { class: TONES[order.status] ?? "" }, order.status ?? ""), el("span.end", el("a.button", { href: `/_local/table?pk=ORDER%23${identifier}` }, "Items in the table"))),
      el("div.sheet.pad", facts([["customer", order.customer_id && el("a.mono", { href: `/_local/users/${order.customer_id}` }, order.customer_id)], ["total", money(total(order.lines))], ["payment", order.payment && [order.payment.method, order.payment.status, order.payment.reference].filter(Boolean).join(", ")], ["reason", order.reason],
        ["requests", el("span", requests.map((each) => el("a.mono.spread", { href: `/_local/requests/${encodeURIComponent(each)}` }, each)))]])),
      el("div.as-of", el("label", el("span", "As of"), slider), el("output", history[Number(slider.value)]?.at ?? "")),
      seen];
  } });
}

/** The state machine, the history, and what the moment's event holds. */
function asOf(history, position, machine, steps) {
  const now = history[position], status = history.slice(0, position + 1).map((each) => BY_EVENT[each.type]).findLast(Boolean) ?? "pending";
  document.querySelector(".as-of output")?.replaceChildren(now.at.replace("T", " "));
  return [
    el("div.sheet.pad", graph(machine, steps, now), el("p.soft", "The order is ", el("b", status), ` after ${position + 1} of ${history.length} events.`)),
    el("h2", "History"), el("div.sheet", el("ol.history", history.map((each, index) => el("li", { class: index > position ? "later" : index === position ? "now" : "" },
      el("details", { open: index === position }, el("summary", el("span.mono.soft", each.at.slice(11, 23)), el("b", each.type), el("span.soft", index ? `+${duration((Date.parse(each.at) - Date.parse(history[index - 1].at)) / 1000)}` : "")), el("pre.pad", { tabindex: "0" }, pretty(each.data))))))),
  ];
}

function graph(machine, steps, now) {
  const until = Date.parse(now.at) / 1000 + 0.5;
  return el("ol.machine", { "aria-label": "State machine" }, machine.map((state) => {
    const name = state.name.replaceAll(" ", ""), runs = steps.filter((step) => step.function.toLowerCase().includes(name.toLowerCase()) && step.at <= until);
    const failed = runs.filter((run) => run.error);
    return el("li", { class: runs.length ? (failed.length === runs.length ? "failed" : "ran") : "" }, el("b", state.name),
      el("span.soft", runs.length ? `${runs.length === 1 ? "ran" : `${runs.length} runs`}, ${duration(runs.reduce((sum, run) => sum + run.took, 0))}${failed.length ? `, ${failed.length} failed` : ""}` : "not run"), el("span.soft", `→ ${state.next.join(", ")}`));
  }));
}
