// Numbers and times as people read them.

/** A duration in seconds: `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`. */
export function duration(seconds) {
  const ms = seconds * 1000;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** The time of day of a Unix time, or its date too if that is not today. */
export function clock(at) {
  const date = new Date(at * 1000), time = date.toLocaleTimeString("en-GB");
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString("en-CA")} ${time}`;
}

/** A `time` element. */
export function time(at, build) {
  return build("time", { datetime: new Date(at * 1000).toISOString(), title: new Date(at * 1000).toISOString() }, clock(at));
}

export const plural = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
export const units = (number) => Number(number.toFixed(1)).toLocaleString("en");
export const bytes = (number) => number < 1024 ? `${number} B` : number < 1024 ** 2 ? `${(number / 1024).toFixed(1)} KB` : `${(number / 1024 ** 2).toFixed(1)} MB`;
export const tone = (status) => status >= 500 ? "bad" : status >= 400 ? "warn" : "good";
