// What the lists of events, mails, logs and orders share: search in the address, refreshed by the stream.
import { read } from "./api.js";
import { el, throttled } from "./dom.js";
import { plural } from "./format.js";
import { on } from "./live.js";

/**
 * Show a list. `options`: view (its path), title, noun, kinds (entries that change it), hint (of the search), filters (elements by
 * `(state, change)`), draw(items) → elements, empty.
 */
export function list(root, { query }, options) {
  const state = Object.fromEntries(query), box = el("div.sheet"), count = el("span.note", { role: "status" }), notes = el("div.spaced");
  async function refresh() {
    try {
      const found = await read(options.view, state);
      notes.replaceChildren(...(found.broken ?? []).map((line) => el("p.sheet.pad.bad-text", line)));
      box.replaceChildren(...(found.items.length ? [options.draw(found.items)].flat() : [el("div.empty", Object.keys(state).length ? "Nothing matches." : options.empty)]));
      count.textContent = found.items.length ? plural(found.items.length, options.noun) : "";
    } catch (error) {
      box.replaceChildren(el("div.empty", error.message));
    }
  }
  const change = (name, value) => {
    if (value) state[name] = value; else delete state[name];
    const search = new URLSearchParams(state);
    history.replaceState(null, "", `/_local/${options.view}${search.size ? `?${search}` : ""}`);
    refresh();
  };
  const soon = throttled(refresh, 600);
  root.append(
    el("div.head", el("h1", options.title), count),
    el("form.bar", { role: "search", onsubmit: (event) => event.preventDefault() },
      el("input", { type: "search", value: state.q ?? "", placeholder: options.hint, "aria-label": `Search ${options.title.toLowerCase()}`, oninput: (event) => change("q", event.target.value.trim()) }),
      options.filters?.(state, change)),
    notes, box);
  const ended = on([...options.kinds, "change"], soon);
  refresh();
  return () => { ended(); soon.cancel(); };
}

/** A page of one thing, drawn again when the stream brings news of it. */
export function one(root, { path, crumb, kinds = [], draw }) {
  async function refresh() {
    try {
      const found = await read(path);
      root.replaceChildren(el("p.crumb", el("a", { href: crumb[0] }, crumb[1])), ...[draw(found, refresh)].flat(2).filter(Boolean));
    } catch (error) {
      root.replaceChildren(el("p.crumb", el("a", { href: crumb[0] }, crumb[1])), el("h1", "Not here"), el("div.sheet.empty", error.message));
    }
  }
  const soon = throttled(refresh, 800);
  const ended = on([...kinds, "change"], soon);
  refresh();
  return () => { ended(); soon.cancel(); };
}

/** A select whose options are pairs of value and text; the first is for any. */
export function choice(label, options, value, change) {
  return el("select", { "aria-label": label, onchange: (event) => change(event.target.value) },
    options.map(([key, text]) => el("option", { value: key, selected: key === (value ?? "") }, text)));
}

/** A table with these columns: name and class. */
export function table(name, columns, rows) {
  return el(`table.list.${name}`, el("thead", el("tr", columns.map(([text, kind = ""]) => el("th", { class: kind, scope: "col" }, text)))), el("tbody", rows));
}

/** A button for an action, which says what became of it. */
export function doing(text, work, kind = "") {
  const button = el("button.button", { type: "button", class: kind, onclick: async () => {
    const { toast } = await import("./dom.js");
    button.disabled = true;
    try { toast(await work()); } catch (error) { toast(error.message); }
    button.disabled = false;
  } }, text);
  return button;
}
