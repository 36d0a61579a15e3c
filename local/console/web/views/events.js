// Events of the bus: payload, schema, consumers, replay.
import { act } from "../api.js";
import { copying, el, facts } from "../dom.js";
import { duration, time } from "../format.js";
import { pretty } from "../json.js";
import { doing, list, one, table } from "../list.js";

export function mount(root, context) {
  if (context.identifier) return opened(root, context);
  return list(root, context, {
    view: "events", title: "Events", noun: "event", kinds: ["event"], hint: "Type, subject, data or correlation id",
    empty: "No events yet. Each change publishes an event, which is shown here.",
    draw: (items) => table("events", [["Time"], ["Type"], ["Subject"], ["Request", "wide"]], items.map((event) => el("tr",
      el("td.mono.soft", time(event.at, el)), el("td.cut", el("a.stretched", { href: `/_local/events/${event.id}` }, event.type)),
      el("td.mono.cut", event.subject), el("td.mono.soft.cut.wide", event.correlation_id)))),
  });
}

function opened(root, { identifier }) {
  return one(root, { path: `events/${encodeURIComponent(identifier)}`, crumb: ["/_local/events", "Events"], kinds: ["invocation", "event"], draw: (event) => {
    const detail = event.detail;
    return [
      el("div.head", el("h1", event.type), el("span.end",
        doing("Publish again", async () => { await act("replay", { id: identifier }); return "Published again, with the same id."; }),
        copying("Copy payload", JSON.stringify(detail, null, 2)))),
      el("div.sheet.pad", facts([["id", identifier], ["occurred", detail.occurred_at], ["published", event.published.length === 1 ? "once" : `${event.published.length} times`],
        ["subject", event.subject], ["actor", event.actor && el("a.mono", { href: `/_local/table?pk=USER%23${event.actor}` }, event.actor)],
        ["request", event.correlation_id && el("a.mono", { href: `/_local/requests/${encodeURIComponent(event.correlation_id)}` }, event.correlation_id)]])),
      el("h2", "Consumers"), el("div.sheet", event.consumers.length ? consumers(event.consumers) : el("div.empty", "No consumer has received it yet.")),
      el("h2", "Payload"), el("div.sheet", el("pre.pad", { tabindex: "0" }, pretty(detail))),
      event.schema && el("details.sheet.schema", el("summary", `Schema: ${event.schema.title}`), el("pre.pad", { tabindex: "0" }, pretty(event.schema))),
    ];
  } });
}

function consumers(found) {
  return table("consumers", [["Consumer"], ["Queue", "wide"], ["Attempt", "number"], ["Waited", "number"], ["Worked", "number"], ["Result"]], found.map((each) => el("tr",
    el("td.cut", each.function.split("/").at(-1).replace(/Function$/, "")), el("td.mono.soft.cut.wide", each.queue), el("td.number", String(each.attempt)),
    el("td.number", duration(each.waited)), el("td.number", duration(each.took)), el("td", el("span.tag", { class: each.error ? "bad" : "good" }, each.error || "done")))));
}
