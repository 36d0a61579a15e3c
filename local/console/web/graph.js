// A state machine as a drawing: steps in lanes, the transitions between them, and the way that was taken.

const WIDTH = 116, HEIGHT = 46, LANE = 134, ROW = 70, LEFT = 46, TOP = 34;
const LANES = ["Way forward", "After an error", "Undoing"];

/** Return an SVG element. Text is always set as text. */
function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat(3));
  return element;
}

/**
 * Return the drawing. `machine` has nodes and edges (local/console/graph.py), `taken` the edges of the way, `note` returns
 * the second line of a step and its class, `text` says the same as the drawing in words.
 */
export function draw({ machine, taken, note, text }) {
  const at = new Map(machine.nodes.map((node) => [node.name, { ...node, x: LEFT + node.lane * LANE + WIDTH / 2, y: TOP + node.row * ROW + HEIGHT / 2 }]));
  const lanes = 1 + Math.max(...machine.nodes.map((node) => node.lane)), rows = 1 + Math.max(...machine.nodes.map((node) => node.row));
  const width = LEFT + lanes * LANE, height = TOP + rows * ROW - ROW + HEIGHT + 8;
  const went = new Set(taken.map((edge) => `${edge.source}→${edge.target}`));
  const paths = machine.edges.map((edge, index) => ({ ...edge, tone: edge.kind === "caught" ? "caught" : edge.kind === "otherwise" || at.get(edge.source).lane > 1 ? "otherwise" : "", ...route(edge, at, index), went: went.has(`${edge.source}→${edge.target}`) }));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": text, class: "graph" },
    svg("defs", {}, ["", "went", "went caught", "went otherwise"].map((kind) => marker(kind))),
    LANES.slice(0, lanes).map((title, lane) => svg("text", { x: LEFT + lane * LANE + WIDTH / 2, y: 14, class: "lane" }, title)),
    [false, true].map((isWent) => paths.filter((each) => each.went === isWent).map(line)),
    machine.nodes.map((node) => step(at.get(node.name), note(node.name), went)),
    paths.filter((each) => each.went && each.label).map((each) => svg("text", { x: each.label_x, y: each.label_y, class: `label ${each.kind}`, "text-anchor": each.anchor }, each.label)));
}

function line(edge) {
  const kind = edge.went ? `went ${edge.tone}`.trim() : "";
  return svg("path", { d: edge.d, class: `edge ${kind}`, "marker-end": `url(#end-${kind.replace(" ", "-")})` }, svg("title", {}, `${edge.source} → ${edge.target}${edge.label ? `: ${edge.label}` : ""}`));
}

function marker(kind) {
  return svg("marker", { id: `end-${kind.replace(" ", "-")}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: kind ? 5 : 6, markerHeight: kind ? 5 : 6, orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8z", class: `edge-end ${kind}` }));
}

function step(node, { line: second, kind }, went) {
  const isReached = [...went].some((each) => each.endsWith(`→${node.name}`) || each.startsWith(`${node.name}→`));
  if (["Start", "End"].includes(node.name)) return svg("g", { class: `point ${isReached ? "ran" : ""}` }, svg("rect", { x: node.x - 28, y: node.y - 13, width: 56, height: 26, rx: 13 }), svg("text", { x: node.x, y: node.y + 4 }, node.name));
  return svg("g", { class: `step ${kind}` }, svg("rect", { x: node.x - WIDTH / 2, y: node.y - HEIGHT / 2, width: WIDTH, height: HEIGHT, rx: 9 }),
    svg("text", { x: node.x, y: node.y - 3, class: "name" }, node.name), svg("text", { x: node.x, y: node.y + 14 }, second));
}

/** The path of a transition: straight down, around the steps between, or sideways and into the top of the other step. */
function route(edge, at, index) {
  const from = at.get(edge.source), to = at.get(edge.target), half = to.name === "End" ? 13 : HEIGHT / 2, out = from.name === "Start" ? 13 : HEIGHT / 2;
  const between = [...at.values()].some((node) => node.lane === to.lane && node.row > from.row && node.row < to.row);
  const side = Math.sign(to.lane - from.lane), wide = (node) => (["Start", "End"].includes(node.name) ? 28 : WIDTH / 2);
  if (!side && !between) return { d: `M${from.x} ${from.y + out}V${to.y - half - 1}`, label_x: from.x + 7, label_y: from.y + out + 16, anchor: "start" };
  if (!side) {
    const x = from.x - WIDTH / 2 - 12 - 7 * (to.row - from.row - 2), r = 8, start = from.y + 4 * (index % 3) - 4, left = from.x - wide(from), end = to.y + (to.name === "End" ? 0 : -6);
    return { d: `M${left} ${start}H${x + r}Q${x} ${start} ${x} ${start + r}V${end - r}Q${x} ${end} ${x + r} ${end}H${to.x - wide(to) - 1}`, label_x: x + 5, label_y: start + 26, anchor: "start" };
  }
  const start = from.y + (edge.kind === "caught" ? 10 : -4), leave = from.x + side * wide(from), r = 12;
  if (!between) {
    const x = to.x - side * (edge.kind === "otherwise" ? 0 : 14);
    return { d: `M${leave} ${start}H${x - side * r}Q${x} ${start} ${x} ${start + r}V${to.y - half - 1}`, label_x: leave + side * 6, label_y: start - 5, anchor: side > 0 ? "start" : "end" };
  }
  const x = to.x - side * (WIDTH / 2 + (LANE - WIDTH) / 2), end = to.y;
  return { d: `M${leave} ${start}H${x - side * 4}Q${x} ${start} ${x} ${start + r}V${end - r}Q${x} ${end} ${x + side * r} ${end}H${to.x - side * wide(to) - side}`, label_x: leave + side * 6, label_y: start - 5, anchor: side > 0 ? "start" : "end" };
}
