// The requests, live.
import { read } from "../api.js";
import { el, throttled } from "../dom.js";
import { clock, duration, plural, tone, units } from "../format.js";
import { on } from "../live.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const STATUSES = [["2", "2xx"], ["3", "3xx"], ["4", "4xx"], ["5", "5xx"]];

export function mount(root, { query, go }) {
  const state = { q: query.get("q") ?? "", method: query.get("method") ?? "", status: query.get("status") ?? "" };
  const body = el("tbody"), box = el("div.sheet"), more = el("button.button", { type: "button", hidden: true, onclick: older }, "Older requests");
  const count = el("span.note", { role: "status" });
  let shown = new Set(), isFirst = true, items = [];

  async function refresh() {
    const found = await read("requests", state);
    items = found.items;
    more.hidden = !found.has_more;
    draw();
  }

  async function older() {
    const found = await read("requests", { ...state, before: items.at(-1).at });
    items = [...items, ...found.items];
    more.hidden = !found.has_more;
    draw();
  }

  function draw() {
    const slowest = Math.max(50, ...items.map((each) => each.ms));
    const focused = document.activeElement?.closest?.("tr")?.dataset.number;
    body.replaceChildren(...items.map((each) => row(each, slowest, !isFirst && !shown.has(each.number))));
    shown = new Set(items.map((each) => each.number));
    isFirst = false;
    box.replaceChildren(items.length ? table(body) : empty(Object.values(state).some(Boolean)));
    count.textContent = items.length ? plural(items.length, "request") : "";
    if (focused) body.querySelector(`[data-number="${focused}"] a`)?.focus();
  }

  function change(name, value) {
    state[name] = value;
    const search = new URLSearchParams(Object.entries(state).filter(([, each]) => each));
    history.replaceState(null, "", `/_local/requests${search.size ? `?${search}` : ""}`);
    refresh();
  }

  root.append(
    el("div.head", el("h1", "Requests"), count),
    el("form.bar", { role: "search", onsubmit: (event) => event.preventDefault() },
      el("input", { type: "search", value: state.q, placeholder: "Path, body, header or correlation id", "aria-label": "Search requests", oninput: (event) => change("q", event.target.value.trim()) }),
      choice("Method", METHODS.map((each) => [each, each]), state.method, (value) => change("method", value)),
      choice("Status", STATUSES, state.status, (value) => change("status", value))),
    box, el("p.bar", more));
  const soon = throttled(refresh, 400);
  const ended = on(["request", "segment", "event", "invocation"], soon);
  refresh();
  return () => { ended(); soon.cancel(); };
}

function choice(label, options, value, change) {
  return el("select", { "aria-label": label, onchange: (event) => change(event.target.value) },
    el("option", { value: "" }, `Any ${label.toLowerCase()}`),
    options.map(([key, text]) => el("option", { value: key, selected: key === value }, text)));
}

function table(body) {
  const columns = [["Time"], ["Method"], ["Path"], ["Status"], ["Took", "number"], ["Function", "wide"], ["Table", "wide"], ["Followed by", "wide"]];
  return el("table.list.requests", el("thead", el("tr", columns.map(([text, name = ""]) => el("th", { class: name, scope: "col" }, text)))), body);
}

function row(each, slowest, isNew) {
  const followed = [each.events && plural(each.events, "event"), each.mails && plural(each.mails, "mail"), each.errors && "failed"].filter(Boolean);
  const href = `/_local/requests/${encodeURIComponent(each.id)}`;
  return el("tr", { "data-number": each.number, class: isNew ? "new" : "" },
    el("td.mono.soft", clock(each.at)),
    el("td", el("span.method", { class: each.method }, each.method)),
    el("td.path.mono", el("a.stretched", { href, title: each.path }, each.path), each.credential && el("span.soft.who", each.credential)),
    el("td", el("span.tag", { class: tone(each.status) }, String(each.status))),
    el("td.number", el("span.took", { style: { "--part": `${100 * Math.sqrt(each.ms / slowest)}%` } }, duration(each.ms / 1000))),
    el("td.wide", short(each.function ?? ""), each.cold && el("span.cold", { title: "A process of the function was started" }, "cold")),
    el("td.wide.soft", each.calls ? `${plural(each.calls, "call")}, ${units(each.units)} u` : ""),
    el("td.wide", each.errors ? el("span.bad-text", followed.join(", ")) : followed.join(", ")));
}

const short = (name) => name.split("/").at(-1).replace(/Function$/, "");

function empty(isFiltered) {
  return el("div.empty", isFiltered ? "No request matches." : ["No requests yet. Try ", el("code", `curl -i ${location.origin}/v1/posts`), "."]);
}
