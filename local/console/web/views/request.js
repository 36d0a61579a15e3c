// One request: its life as a waterfall, and what was sent and returned.
import { read } from "../api.js";
import { copying, el, throttled } from "../dom.js";
import { bytes, clock, duration, plural, tone, units } from "../format.js";
import { coloured } from "../json.js";
import { on } from "../live.js";
import { waterfall } from "../waterfall.js";

export function mount(root, { identifier }) {
  const state = {};
  let traces = new Set();

  async function refresh() {
    try {
      const life = await read(`requests/${encodeURIComponent(identifier)}`);
      traces = new Set(life.spans.map((span) => span.trace));
      const scrolled = scrollY;
      const hasFocus = root.contains(document.activeElement) && document.activeElement.dataset.span;
      root.replaceChildren(...draw(life, identifier, state));
      if (hasFocus) root.querySelector(`[data-span="${CSS.escape(hasFocus)}"]`)?.focus({ preventScroll: true });
      scrollTo(0, scrolled);
    } catch (error) {
      root.replaceChildren(el("p", el("a", { href: "/_local/requests" }, "Requests")), el("div.sheet.empty", error.message));
    }
  }

  const soon = throttled(refresh, 500);
  const ended = on(["request", "segment", "invocation", "event", "socket", "mail", "failure"], (entry, kind) => {
    if (kind === "mail" || kind === "socket" || traces.has(entry.trace) || entry.id === identifier) soon();
  });
  refresh();
  return () => { ended(); soon.cancel(); };
}

function draw(life, identifier, state) {
  const first = life.requests[0];
  const title = first ? [el("span.method", { class: first.method }, first.method), " ", el("span.mono", first.path)] : identifier;
  return [
    el("p.crumb", el("a", { href: "/_local/requests" }, "Requests"), el("span.soft", first ? ` / ${clock(first.at)} / ` : " / ", el("code", life.id))),
    el("div.head.request-head", el("h1", title), first && el("span.tag", { class: tone(first.status) }, String(first.status)),
      el("span.end", first && copying("Copy as curl", () => curl(first)), copying("Copy link", location.href))),
    el("p.sums", sums(life, first)),
    el("div.sheet", life.spans.length ? waterfall(life.spans, state) : el("div.empty", "No trace has arrived yet.")),
    ...life.requests.map((each) => exchange(each, life.requests.length > 1)),
  ];
}

function sums({ sums: found, spans }, first) {
  const span = spans.length ? Math.max(...spans.map((each) => each.end)) - Math.min(...spans.map((each) => each.begin)) : 0;
  const parts = [
    first && [el("b", duration(first.ms / 1000)), " to the response"],
    spans.length > 1 && [el("b", duration(span)), " in all"],
    found.calls && [el("b", String(found.calls)), " table calls"],
    found.read_units && [el("b", units(found.read_units)), " read units"],
    found.write_units && [el("b", units(found.write_units)), " write units"],
    found.events && [el("b", String(found.events)), found.events === 1 ? " event" : " events"],
    found.mails && [el("b", String(found.mails)), found.mails === 1 ? " mail" : " mails"],
    [el("b", String(found.invocations)), found.cold ? ` invocations, ${found.cold} of them cold` : " invocations"],
    found.errors && [el("b.bad-text", plural(found.errors, "failure"))],
  ].filter(Boolean);
  return parts.map((part) => el("span", part));
}

function exchange(request, isOne) {
  const title = isOne ? `${request.method} ${request.path}, ${clock(request.at)}` : "";
  return el("section.exchange", title && el("h2", title), el("div.pair",
    side("Request", request.request, `from ${request.client}`), side("Response", request.response, `${request.status} in ${duration(request.ms / 1000)}`)));
}

function side(name, part, note) {
  return el("div.sheet", el("h2", name, el("span.soft", ` ${note}`)),
    el("details", el("summary", plural(part.headers.length, "header")), el("pre.mono", part.headers.map(([header, value]) => `${header}: ${value}\n`).join(""))),
    part.text ? el("pre.body", { tabindex: "0", "aria-label": `Body of the ${name.toLowerCase()}` }, coloured(part.text)) : el("p.empty", part.size ? `A body of ${bytes(part.size)} that is not text.` : "No body."));
}

function curl(request) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const kept = request.request.headers.filter(([name]) => !/^(host|content-length|connection|accept-encoding|user-agent|sec-.*|x-amzn-.*)$/i.test(name));
  const lines = [`curl -i -X ${request.method} ${quote(location.origin + request.path)}`, ...kept.map(([name, value]) => `-H ${quote(`${name}: ${value.replace("•••", "$TOKEN")}`)}`)];
  if (request.request.text) lines.push(`-d ${quote(request.request.text)}`);
  return lines.join(" \\\n  ");
}
