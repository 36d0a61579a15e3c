// Queues and dead letters.
import { act } from "../api.js";
import { el } from "../dom.js";
import { coloured } from "../json.js";
import { doing, list, table } from "../list.js";

export function mount(root, context) {
  const open = new Set();
  return list(root, context, {
    view: "queues", title: "Queues", noun: "queue", kinds: ["invocation", "event"], hint: "Name of a queue", empty: "The stack has no queues.",
    draw: (items) => {
      const words = (new URLSearchParams(location.search).get("q") ?? "").toLowerCase();
      const found = items.filter((queue) => queue.name.includes(words));
      const dead = found.filter((queue) => queue.dead);
      return [table("queues", [["Queue"], ["Waiting", "number"], ["Delayed", "number"], ["In flight", "number"], ["Dead letters", "number"]], found.map((queue) => el("tr",
        el("td.cut", queue.name), ...[queue.waiting, queue.delayed, queue.in_flight].map((number) => el("td.number", { class: number ? "" : "soft" }, String(number))),
        el("td.number", queue.dead ? el("span.tag.bad", String(queue.dead)) : el("span.soft", "0"))))),
      dead.map((queue) => letters(queue, open))];
    },
  });
}

function letters(queue, open) {
  return el("section.letters", el("div.head.pad", el("h2", `${queue.dead} in ${queue.name}`), queue.redrivable && el("span.end",
    doing("Return all to the queue", async () => `${(await act("redrive", { queue: queue.name })).moved} returned to ${queue.name}.`))),
  queue.letters.map((letter) => el("details", { open: open.has(letter.message_id), ontoggle: (event) => open[event.target.open ? "add" : "delete"](letter.message_id) },
    el("summary.cut", el("span.mono", letter.title), el("span.soft", ` ${letter.sent_at.slice(11, 19)}, ${letter.tries} tries`)),
    el("div.pad", el("p.bar", queue.redrivable && doing("Retry this one", async () => ((await act("redrive", { queue: queue.name, message: letter.message_id })).moved ? "Returned to the queue." : "It is being received; try again in a moment.")),
      letter.event && el("a.button", { href: `/_local/events/${letter.event}` }, "Event"), letter.correlation && el("a.button", { href: `/_local/requests/${encodeURIComponent(letter.correlation)}` }, "Request")),
    el("pre", { tabindex: "0" }, coloured(letter.body))))));
}
