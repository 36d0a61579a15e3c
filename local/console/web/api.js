// Data and actions of the console's own server.

const meta = (name) => document.querySelector(`meta[name=${name}]`).content;

async function answer(response) {
  const content = await response.json().catch(() => null);
  if (response.ok) return content;
  throw new Error(content?.error?.message ?? `The stack answered ${response.status}.`);
}

/** Return the data of a view: `read("requests", { q })`. */
export async function read(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  return answer(await fetch(`/_local/data/${path}${search}`, { headers: { accept: "application/json" } }));
}

/** Do something; the token shows that this page asks. */
export async function act(name, content = {}) {
  return answer(await fetch(`/_local/actions/${name}`, {
    method: "POST", headers: { "content-type": "application/json", "x-lamina-token": meta("lamina-token") }, body: JSON.stringify(content),
  }));
}

export const url = () => meta("lamina-url");
