// The table: items by access pattern, decoded, with related items a click away.
import { read } from "../api.js";
import { el } from "../dom.js";
import { plural, units } from "../format.js";
import { pretty } from "../json.js";

const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

export function mount(root, { query, go }) {
  const state = Object.fromEntries(query), result = el("div");
  const value = el("input", { type: "text", value: state.value ?? "", "aria-label": "Value", hidden: true });
  const select = el("select", { "aria-label": "Access pattern", onchange: choose });
  const key = el("input", { type: "search", value: state.pk ?? "", placeholder: "or a partition key: USER#…", "aria-label": "Partition key" });
  let patterns = {};

  const search = (found) => go(`/_local/table?${new URLSearchParams(found)}`);
  function choose() {
    const pattern = patterns[select.value];
    value.hidden = !pattern?.field;
    value.placeholder = pattern?.field ? `${pattern.field}${pattern.guide ? `, such as ${pattern.guide}` : ""}` : "";
    if (pattern && !pattern.field) search({ pattern: select.value });
    else if (pattern) value.focus();
  }
  function submit(event) {
    event.preventDefault();
    if (key.value.trim() && key.value.trim() !== state.pk) search({ pk: key.value.trim() });
    else if (select.value) search({ pattern: select.value, ...(patterns[select.value].field ? { value: value.value.trim() } : {}) });
  }

  async function refresh() {
    try {
      const found = await read("table", state);
      patterns = found.patterns;
      select.replaceChildren(el("option", { value: "" }, "Access pattern"), ...[...Map.groupBy(Object.entries(patterns), ([, each]) => each.group)].map(([group, each]) =>
        el("optgroup", { label: group }, each.map(([name, pattern]) => el("option", { value: name, selected: name === state.pattern }, pattern.title)))));
      const chosen = patterns[state.pattern];
      value.hidden = !chosen?.field;
      value.placeholder = chosen?.field ?? "";
      result.replaceChildren(...(found.items ? shown(found) : [el("div.sheet.empty", "Choose an access pattern, or enter a partition key. Each is a query with its index; the console never scans.")]));
    } catch (error) {
      result.replaceChildren(el("div.sheet.empty", error.message));
    }
  }

  root.append(el("div.head", el("h1", "Table")), el("form.bar", { onsubmit: submit }, select, value, key, el("button.button", { type: "submit" }, "Read")), result);
  refresh();
}

function shown(found) {
  return [el("p.note.soft.spaced", `${plural(found.items.length, "item")} by ${plural(found.calls.length, "call")}, ${units(found.units)} read units: `, el("code", found.calls.join(" · "))),
    found.items.length ? el("div.sheet", found.items.map((item, index) => card(item, found.items.length <= 3 || index === 0 && found.items.length < 8))) : el("div.sheet.empty", "No items.")];
}

function card(item, open) {
  const title = ["name", "title", "email", "status", "event_type", "sku"].map((name) => item.attributes.find((each) => each.name === name)?.value).filter((text) => typeof text === "string").slice(0, 2).join(", ");
  return el("details.item", { open }, el("summary", el("span.tag.good", String(item.kind || "item").replaceAll("_", " ")), el("span.cut.mono", item.keys.pk, el("span.soft", "  "), item.keys.sk), el("span.cut.soft", title)),
    el("div.pad", el("table.attributes", el("tbody", [...Object.entries(item.keys).map(([name, value]) => attribute({ name, value: String(value), link: name === "pk" ? value : "", type: "key" })), ...item.attributes.map(attribute)]))));
}

function attribute({ name, value, link, type }) {
  const text = typeof value === "object" && value !== null ? el("pre", pretty(value)) : String(value);
  const target = link || (typeof value === "string" && ID.test(value) && name === "subject" ? "" : "");
  return el("tr", el("th", { scope: "row" }, name), el("td.mono", target ? el("a", { href: `/_local/table?pk=${encodeURIComponent(target)}` }, text) : text), el("td.soft.wide", type));
}
