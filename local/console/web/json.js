// JSON as coloured text: a fragment of elements, never HTML from a string.
import { el } from "./dom.js";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Return a value as indented, coloured JSON. */
export function pretty(value) {
  return coloured(JSON.stringify(value, null, 2));
}

/** Return text that is JSON, coloured. */
export function coloured(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(last, match.index));
    const kind = match[2] ? "json-name" : match[1] ? "json-text" : "json-value";
    parts.push(el(`span.${kind}`, match[1] ?? match[0]), match[2] ?? "");
    last = match.index + match[0].length;
  }
  parts.push(text.slice(last));
  return el("code", parts);
}
