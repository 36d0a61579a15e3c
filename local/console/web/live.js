// The one stream of server-sent events, which all views share.

const KINDS = ["request", "segment", "invocation", "event", "mail", "socket", "log", "failure", "change"];
const listeners = new Set();
let source = null;

/** Call a function with each entry of these kinds; returns a function that ends it. */
export function on(kinds, listener) {
  const one = { kinds, listener };
  listeners.add(one);
  return () => listeners.delete(one);
}

/** Connect, and say whether it is connected. */
export function connect(show) {
  source = new EventSource("/_local/stream");
  source.addEventListener("hello", () => show(true));
  source.addEventListener("error", () => show(false));
  for (const kind of KINDS) source.addEventListener(kind, (event) => tell(kind, JSON.parse(event.data)));
}

function tell(kind, entry) {
  for (const one of listeners) if (one.kinds.includes(kind)) one.listener(entry, kind);
}
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
