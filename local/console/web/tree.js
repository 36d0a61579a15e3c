// The rows of a waterfall in their order, with what is below each.

const QUIET = new Set(["table", "aws", "log", "part", "function"]);
const MANY = 28;

/** Return the rows in order, each with `depth`, `children`, and `isQuiet`: whether it is folded away in a big tree. */
export function rows(spans) {
  const children = Map.groupBy(spans, (span) => span.parent);
  const found = [];
  const walk = (parent, depth) => {
    for (const span of (children.get(parent) ?? []).toSorted((a, b) => a.begin - b.begin)) {
      const row = { span, depth, parent, children: children.get(span.id) ?? [] };
      row.isQuiet = QUIET.has(span.kind) && span.status === "ok" && !row.children.length;
      found.push(row);
      walk(span.id, depth + 1);
    }
  };
  walk("", 0);
  return found;
}

/** Return the ids of the rows that are folded at first: consumers, where there are many rows. */
export function foldedAtFirst(all) {
  if (all.length <= MANY) return new Set();
  const folded = ["consumer", "step", "publish", "authorizer"];
  return new Set(all.filter(({ span, children }) => folded.includes(span.kind) && children.length).map(({ span }) => span.id));
}

/** Return the visible rows: below a folded one only what is not quiet is left. */
export function visible(all, folded) {
  return all.filter((row) => !(row.isQuiet && folded.has(row.parent)));
}
