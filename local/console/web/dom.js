// Elements without a framework. Text is always set as text, so nothing that is shown becomes part of the page.

/** Return an element: `el("a.button", { href }, "Open", icon)`. Functions named on… are listeners; null is left out. */
export function el(spec, ...rest) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  const attributes = rest.length && isAttributes(rest[0]) ? rest.shift() : {};
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...rest.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function isAttributes(value) {
  return value !== null && typeof value === "object" && !(value instanceof Node) && !Array.isArray(value);
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
  else if (name === "class") element.classList.add(...value.split(" ").filter(Boolean));
  else if (["value", "checked", "disabled", "open", "hidden", "selected"].includes(name)) element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

/** Show something for a moment, and to screen readers. */
export function toast(text) {
  let box = document.querySelector(".toast");
  if (!box) document.body.append(box = el("div.toast", { role: "status" }));
  box.textContent = text;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { box.textContent = ""; }, 4000);
}

/** A button that copies a text. */
export function copying(label, text, more = {}) {
  return el("button.button", { type: "button", ...more, onclick: async () => {
    await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
    toast("Copied.");
  } }, label);
}

/** Call a function at most once in so many milliseconds, and once more after the last call. */
export function throttled(work, milliseconds) {
  let timer = 0, last = 0;
  const run = () => { timer = 0; last = Date.now(); work(); };
  const call = () => { timer ||= setTimeout(run, Math.max(0, last + milliseconds - Date.now())); };
  call.cancel = () => clearTimeout(timer);
  return call;
}

/** Facts as a list of names and values. */
export function facts(pairs) {
  return el("dl.facts", pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined)
    .flatMap(([name, value]) => [el("dt", name), el("dd", value instanceof Node ? value : String(value))]));
}
