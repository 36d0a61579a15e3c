// What a user of the generated TypeScript client does: sign in, refresh, page, fail, retry, and subscribe to events.
import { Lamina, type PostsCreateErrors } from "./client";
import { createClient, createConfig } from "./client/client";

const [url, email, password, key, target] = process.argv.slice(2);
let token = "";
const client = createClient(createConfig({ baseUrl: url, auth: () => token }));
const api = new Lamina({ client });

function check(condition: unknown, what: unknown): asserts condition {
  if (!condition) throw new Error(JSON.stringify(what));
}

async function main(): Promise<void> {
  const wrong = await api.auth.login({ body: { email, password: "Wrong-horse-1" } });
  check(wrong.error && "error" in wrong.error && wrong.error.error.code === "UNAUTHENTICATED", wrong.error);

  const signedIn = await api.auth.login({ body: { email, password } });
  check(signedIn.data, signedIn.error);
  const renewed = await api.auth.refresh({ body: { refresh_token: signedIn.data.data.refresh_token } });
  check(renewed.data, renewed.error);
  token = renewed.data.data.access_token;
  const me = await api.users.getMe();
  check(me.data?.data.username === email.split("@")[0], me.error);

  const first = await api.posts.list({ query: { limit: 1 } });
  check(first.data?.meta.next_cursor, first.error);
  const second = await api.posts.list({ query: { limit: 1, cursor: first.data.meta.next_cursor } });
  check(second.data && second.data.data[0].id !== first.data.data[0].id, second.error);

  const body = { title: "By a typed client", content: "Words" };
  const headers = { "Idempotency-Key": key };
  const made = await api.posts.create({ body, headers });
  const again = await api.posts.create({ body, headers });
  check(made.data && again.data?.data.id === made.data.data.id, again.error);
  check(again.response.headers.get("Idempotent-Replayed") === "true", "not replayed");
  const other = await api.posts.create({ body: { ...body, title: "Another" }, headers });
  const code: PostsCreateErrors[422]["error"]["code"] = "IDEMPOTENCY_KEY_REUSED";
  check(other.error && "error" in other.error && other.error.error.code === code, other.error);

  const webhook = await api.webhooks.create({ body: { url: target, events: ["post.*"] } });
  check(webhook.data, webhook.error);
  await api.webhooks.sendTest({ path: { webhook_id: webhook.data.data.id } });
  console.log(webhook.data.data.secret);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
