// The frame: navigation, views by URL, the state of the stream.
import { el } from "./dom.js";
import { connect, on } from "./live.js";

const VIEWS = [
  ["requests", "Requests"], ["logs", "Logs and errors"], ["mail", "Mail"], ["events", "Events"], ["queues", "Queues"],
  ["table", "Table"], ["users", "Users and access"], ["orders", "Orders"], ["faults", "Faults"],
];
const view = document.getElementById("view"), nav = document.getElementById("nav");
let leave = () => {};
let visit = 0;

/** Go to a view of the console. */
export function go(path, { replace = false } = {}) {
  if (path === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", path);
  show();
}

async function show() {
  const mine = ++visit;
  const [name, ...rest] = location.pathname.replace(/^\/_local\/?/, "").split("/");
  const [key, title] = VIEWS.find(([each]) => each === name) ?? VIEWS[0];
  const identifier = decodeURIComponent(rest.join("/"));
  for (const link of nav.querySelectorAll("a")) {
    if (link.dataset.view === key) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  const file = key === "requests" && identifier ? "request" : key;
  const module = await import(`./views/${file}.js`);
  if (mine !== visit) return;
  leave();
  document.title = `${title} · Lamina`;
  const root = el("div");
  view.replaceChildren(root);
  leave = module.mount(root, { identifier, query: new URLSearchParams(location.search), go }) ?? (() => {});
}

function follow(event) {
  const link = event.target.closest("a[href]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.target) return;
  const path = new URL(link.href);
  if (path.origin !== location.origin || !VIEWS.some(([name]) => path.pathname.startsWith(`/_local/${name}`))) return;
  event.preventDefault();
  go(path.pathname + path.search);
  if (!location.hash) { view.focus({ preventScroll: true }); scrollTo(0, 0); }
}

nav.append(...VIEWS.map(([name, title]) => el("a", { href: `/_local/${name}`, "data-view": name }, title)),
  el("a.apart", { href: "/docs" }, "API docs"));
document.addEventListener("click", follow);
addEventListener("popstate", show);
connect((isOn) => {
  const live = document.getElementById("live");
  live.className = `live ${isOn ? "on" : "off"}`;
  live.textContent = isOn ? "live" : "not answering";
});
let failures = 0;
on(["failure"], () => {
  const link = nav.querySelector("[data-view=logs]");
  link.querySelector("b")?.remove();
  link.append(el("b", { "aria-label": "new exceptions" }, String(++failures)));
});
show();
