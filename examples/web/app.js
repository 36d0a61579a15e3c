// The page: what is shown, and what happens when something is pressed.

import { ApiError, accessToken, call, end, events, signIn, signOut, user } from "./api.js";
import { Subscriptions } from "./socket.js";
import * as view from "./view.js";

const POST_PUBLISHED = "subscription { postPublished { id } }";
const ORDER_UPDATED = "subscription ($id: ID!) { orderUpdated(id: $id) { id } }";
const MAIL_SECONDS = 120;
// `make run` catches mails, and shows them beside this page; elsewhere they are in the mailbox.
const IS_LAPTOP = location.pathname.startsWith("/_local/");

const find = (id) => document.getElementById(id);
let socket = null;
const followed = new Set();

// One key for each order that is meant: sent again if the answer was lost, so that it is placed once.
let orderKey = crypto.randomUUID();

/** Runs what a form asks for, with its button disabled meanwhile, and shows an error beside it. */
function onSubmit(id, act) {
  const form = find(id);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    if (button.disabled) return;
    button.disabled = true;
    view.say("");
    try {
      await act(Object.fromEntries(new FormData(form)), form);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      view.say(error.message, "bad");
    } finally {
      button.disabled = false;
    }
  });
}

onSubmit("sign-up", async (body, form) => {
  await call("POST", "/v1/auth/register", { body, as: null });
  form.reset();
  find("sign-in").elements.email.value = body.email;
  view.say(`Welcome, ${body.name}. A mail is on its way to ${body.email}: open its link, then sign in.`, "good");
  if (IS_LAPTOP) showMailedLink(body.email);
});

onSubmit("sign-in", async ({ email, password }, form) => {
  await signIn(email, password);
  form.elements.password.value = "";
  find("mailed").hidden = true;
});

onSubmit("order-form", async (_, form) => {
  const lines = view.chosen();
  if (!lines.length) return view.say("Choose at least one product.", "bad");
  const body = { lines, payment_method: form.elements.payment_method.value };
  try {
    const order = await call("POST", "/v1/orders", { body, headers: { "idempotency-key": orderKey } });
    orderKey = crypto.randomUUID();
    form.reset();
    view.say(`Order ${order.number} is placed.`, "good");
    await follow(order);
  } catch (error) {
    // What was refused was not placed: another attempt is another order. Without an answer, it may have been.
    if (error.status >= 400 && error.status < 500) orderKey = crypto.randomUUID();
    throw error;
  }
});

onSubmit("promote", async ({ email, password }, form) => {
  const admin = await call("POST", "/v1/auth/login", { body: { email, password }, as: null });
  const me = user();
  await call("PATCH", `/v1/users/${me.id}`, { body: { role: "editor" }, as: admin.access_token });
  form.elements.password.value = "";
  find("sign-in").elements.email.value = me.email;
  end("Your role has changed."); // unless the WebSocket has reported it already
  view.say("You are an editor now. Sign in again.", "good");
  await call("POST", "/v1/auth/logout", { as: admin.access_token });
});

onSubmit("write", async (body, form) => {
  await call("POST", "/v1/posts", { body, headers: { "idempotency-key": crypto.randomUUID() } });
  form.reset();
  view.say("The draft is saved. Only you and administrators see it.", "good");
  await showDrafts();
});

find("sign-out").addEventListener("click", () => signOut());

events.addEventListener("exchange", ({ detail }) => view.request(detail));
events.addEventListener("session", ({ detail }) => {
  if (detail.reason) view.say(detail.reason, "bad");
  showSession();
});

async function showSession() {
  const me = user();
  view.session(me);
  socket?.close();
  socket = null;
  followed.clear();
  if (!me) return find("sign-in").elements.email.focus();
  find("main").focus();
  await Promise.all([listen(), showDrafts()]);
}

/** Connects the WebSocket; each time that it is live, what may have happened without it is read again. */
async function listen() {
  const ready = await call("GET", "/health/ready", { as: null });
  const url = ready.links?.realtime ?? `${location.origin.replace(/^http/, "ws")}/realtime`;
  if (!user()) return;
  socket = new Subscriptions(url, accessToken, live, end);
  socket.subscribe(POST_PUBLISHED, {}, () => showPosts());
}

async function live(state) {
  view.live(state);
  if (state === "live") await Promise.all([showOrders(), showPosts()]);
}

async function showOrders() {
  const orders = await call("GET", "/v1/orders?limit=5");
  for (const order of orders.reverse()) await follow(order);
}

/** Shows an order, and each change of it. */
async function follow(order) {
  view.order(order, cancel);
  if (!socket || followed.has(order.id)) return;
  followed.add(order.id);
  socket.subscribe(ORDER_UPDATED, { id: order.id }, () => showOrder(order.id));
  await showOrder(order.id); // what has changed before the subscription began
}

async function showOrder(id) {
  view.order(await call("GET", `/v1/orders/${id}`), cancel);
  await showProducts(); // the stock has changed
}

const cancel = (order) => attempt(async () => view.order(await call("POST", `/v1/orders/${order.id}/cancel`), cancel));

async function showProducts() {
  view.products(await call("GET", "/v1/products?limit=8&sort=name", { as: null }));
}

async function showPosts() {
  view.posts("posts", await call("GET", "/v1/posts?limit=5", { as: null }));
  find("no-posts").hidden = find("posts").childElementCount > 0;
}

async function showDrafts() {
  if (user()?.role === "viewer") return;
  view.posts("drafts", await call("GET", "/v1/posts?published=false&limit=5"), publish);
}

const publish = (post) =>
  attempt(async () => {
    await call("POST", `/v1/posts/${post.id}/publish`);
    view.say(`“${post.title}” is published.`, "good");
    await showDrafts();
  });

async function attempt(act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    view.say(error.message, "bad");
  }
}

/** Waits for the mail in the mailbox of `make run`, and shows its link. */
async function showMailedLink(address) {
  view.waitingForMail();
  for (const deadline = Date.now() + MAIL_SECONDS * 1000; Date.now() < deadline; ) {
    const mails = await (await fetch("/_local/mail", { headers: { accept: "application/json" } })).json();
    const mail = mails.find(({ to, text }) => to.includes(address) && text.includes("/verify-email?token="));
    if (mail) return view.mailed(mail.text.match(/https?:\/\/\S+\/verify-email\?token=[\w.~-]+/)[0]);
    await new Promise((done) => setTimeout(done, 500));
  }
  view.say("The mail has not come yet. Look at /_local/mail.", "bad");
}

/** Where this page is `AppUrl`, the links of mails lead to it: `…/verify-email?token=…`. */
async function verifyByLink() {
  const token = new URLSearchParams(location.search).get("token");
  if (!token || !location.pathname.endsWith("/verify-email")) return;
  history.replaceState(null, "", ".");
  await call("POST", "/v1/auth/verify-email", { body: { token }, as: null });
  view.say("Your address is verified. Sign in.", "good");
}

view.session(null);
attempt(verifyByLink);
attempt(showProducts);
attempt(showPosts);
