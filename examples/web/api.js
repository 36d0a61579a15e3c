// The REST client: JSON in and out, errors by code, a refresh when the access token has expired, and a record of requests.

const BASE = document.querySelector("meta[name=lamina-api]").content.replace(/\/$/, "");
const TRIES = 4;
const SECRET = new Set(["password", "access_token", "refresh_token", "token", "authorization"]);

/** Each exchange as an event `exchange`; the session as an event `session` when it begins, changes or ends. */
export const events = new EventTarget();

// In memory only: a reload signs out, and no script of another page finds a token.
let session = null;
let refreshing = null;

export const user = () => session?.user ?? null;
export const accessToken = () => session?.access_token ?? null;

export class ApiError extends Error {
  constructor(status, error) {
    const details = (error.details ?? []).map(({ field, message }) => `${field}: ${message}`);
    super([error.message, ...details].join(" "));
    Object.assign(this, { status, code: error.code, details: error.details ?? [] });
  }
}

/** Calls the API and returns `data`. `as` is another access token than the session's; `null` sends none. */
export async function call(method, path, { body, headers = {}, as } = {}) {
  const send = () => exchange(method, path, body, headers, as === undefined ? accessToken() : as);
  let answer = await send();
  // What only reads may be repeated: a stack that starts, or is busy, says so by 503.
  for (let tries = 1; method === "GET" && (answer.status === 503 || !answer.status) && tries < TRIES; tries++) {
    await new Promise((done) => setTimeout(done, 500 * 2 ** tries));
    answer = await send();
  }
  if (as === undefined && answer.status === 401 && session) {
    if (answer.content?.error?.code === "TOKEN_EXPIRED" && (await refresh())) answer = await send();
    else if (path !== "/v1/auth/logout") end("Your session has ended. Sign in again.");
  }
  if (!answer.ok) throw new ApiError(answer.status, answer.content?.error ?? { code: "UNAVAILABLE", message: "The API does not answer." });
  return answer.content?.data ?? answer.content;
}

export async function signIn(email, password) {
  begin(await call("POST", "/v1/auth/login", { body: { email, password }, as: null }));
}

export async function signOut() {
  await call("POST", "/v1/auth/logout").catch(() => {});
  end("");
}

export function end(reason) {
  if (!session) return;
  session = null;
  events.dispatchEvent(new CustomEvent("session", { detail: { reason } }));
}

function begin(tokens) {
  session = { ...session, ...tokens };
  events.dispatchEvent(new CustomEvent("session", { detail: { reason: "" } }));
}

/** Rotates the refresh token once, however many requests found the access token expired. */
function refresh() {
  refreshing ??= exchange("POST", "/v1/auth/refresh", { refresh_token: session.refresh_token }, {}, null)
    .then((answer) => (answer.ok ? (session = { ...session, ...answer.content.data }) : end("Your session has ended. Sign in again.")))
    .finally(() => (refreshing = null));
  return refreshing;
}

async function exchange(method, path, body, headers, token) {
  const sent = { ...headers };
  if (body !== undefined) sent["content-type"] = "application/json";
  if (token) sent.authorization = `Bearer ${token}`;
  const begun = performance.now();
  const told = { kind: "http", method, path, body: masked(body), headers: Object.keys(headers), status: 0 };
  try {
    const response = await fetch(BASE + path, { method, headers: sent, body: body && JSON.stringify(body), cache: "no-store" });
    const text = await response.text();
    const content = text ? JSON.parse(text) : null;
    Object.assign(told, { status: response.status, answer: masked(content), correlation: response.headers.get("x-correlation-id") });
    return { ok: response.ok, status: response.status, content };
  } catch {
    return { ok: false, status: 0, content: null };
  } finally {
    record({ ...told, milliseconds: Math.round(performance.now() - begun) });
  }
}

export function record(exchanged) {
  events.dispatchEvent(new CustomEvent("exchange", { detail: exchanged }));
}

export function masked(value) {
  return value && JSON.parse(JSON.stringify(value, (key, inner) => (SECRET.has(key) && typeof inner === "string" ? "…" : inner)));
}
