// The axis of a waterfall: time is to scale, but for long idle gaps, which are cut to a narrow band.

const GAP_PART = 0.035;
const LEAST_GAP = 0.12;
const EDGE = 0.004;

/** Return intervals joined where they touch. */
function joined(intervals) {
  const found = [];
  for (const [start, end] of intervals.toSorted((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

/** Return `{at, gaps, ticks, start, end}`: `at(time)` is the place of a time on the axis, from 0 to 1. */
export function scale(spans) {
  const busy = joined(spans.flatMap(active));
  const total = busy.reduce((sum, [start, end]) => sum + end - start, 0) || 0.001;
  const longest = Math.max(LEAST_GAP, total * 0.12);
  const pieces = [];
  for (const [index, [start, end]] of busy.entries()) {
    const before = index ? busy[index - 1][1] : start;
    if (start - before > longest) pieces.push({ start: before, end: start, isGap: true });
    else if (start > before) pieces.push({ start: before, end: start });
    pieces.push({ start, end });
  }
  const gaps = pieces.filter((piece) => piece.isGap), real = pieces.filter((piece) => !piece.isGap);
  const length = real.reduce((sum, piece) => sum + piece.end - piece.start, 0) || 0.001;
  const room = 1 - gaps.length * GAP_PART;
  let place = 0;
  for (const piece of pieces) {
    piece.from = place;
    place += piece.isGap ? GAP_PART : (room * (piece.end - piece.start)) / length;
    piece.to = place;
  }
  const at = (time) => {
    const piece = pieces.find((each) => time <= each.end) ?? pieces.at(-1);
    const part = piece.end > piece.start ? Math.min(1, Math.max(0, (time - piece.start) / (piece.end - piece.start))) : 0;
    return piece.from + part * (piece.to - piece.from);
  };
  return { at, gaps, ticks: ticks(real, length, at), start: pieces[0].start, end: pieces.at(-1).end };
}

/** A span is active while it works: not while it waits in a queue or its process starts, and not while others work for it. */
function active(span) {
  const found = [];
  if (["gateway", "saga"].includes(span.kind)) found.push([span.start, span.start], [span.end, span.end]);
  else found.push([span.start, span.end]);
  for (const phase of span.phases) {
    if (phase.end - phase.start < LEAST_GAP) found.push([phase.start, phase.end]);
    else found.push([phase.start, phase.start + EDGE], [phase.end - EDGE, phase.end]);
  }
  return found;
}

function ticks(real, length, at) {
  const first = real[0]?.start ?? 0;
  const step = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200].find((each) => length / each <= 9) ?? length;
  const found = [];
  let taken = -1;
  for (const piece of real) {
    for (let number = Math.ceil((piece.start - first) / step); first + number * step <= piece.end; number++) {
      const place = at(first + number * step);
      if (place - taken < 0.055 || place > 0.97) continue;
      found.push({ place, seconds: number * step });
      taken = place;
    }
  }
  return found;
}
