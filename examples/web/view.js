// Elements of the page. Text of the API is set as text, never as HTML.

const STEPS = ["pending", "reserved", "paid", "confirmed"];
const REQUESTS_SHOWN = 60;
const find = (id) => document.getElementById(id);
let count = 0;

/** Creates an element: attributes by name, `on…` as listeners, children as elements or text. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

export function say(text, kind = "") {
  find("status").textContent = text;
  find("status").className = kind;
}

export function money({ amount, currency }) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export function session(user) {
  find("entrance").hidden = Boolean(user);
  find("me").hidden = !user;
  find("who").textContent = user ? `${user.name} · ${user.role}` : "";
  find("signed-out-hint").hidden = Boolean(user);
  for (const each of document.querySelectorAll("[data-signed-in]")) each.hidden = !user;
  for (const each of document.querySelectorAll("#products .quantity")) each.hidden = !user;
  find("promote").hidden = user?.role !== "viewer";
  find("write").hidden = !user || user.role === "viewer";
  find("orders").replaceChildren();
  find("drafts").replaceChildren();
  find("no-orders").hidden = false;
}

export function live(state) {
  find("live").dataset.state = state;
  find("live").textContent = { live: "live", waiting: "connecting …", off: "offline" }[state];
}

export function waitingForMail() {
  find("mailed").replaceChildren(make("p", {}, "Waiting for the mail …"));
  find("mailed").hidden = false;
}

/** Shows the link of a mail that the laptop has caught. */
export function mailed(link) {
  const box = find("mailed");
  box.replaceChildren(
    make("p", {}, "The mail has arrived. Its link verifies your address:"),
    make("a", { href: link, target: "_blank", rel: "noopener", class: "button" }, "Open the mailed link"),
    make("p", { class: "hint" }, "It is also in the ", make("a", { href: "/_local/mail", target: "_blank", rel: "noopener" }, "mailbox"), "."),
  );
  box.hidden = false;
  box.querySelector("a").focus();
}

export function products(list) {
  const amounts = new Map(chosen().map(({ product_id, quantity }) => [product_id, quantity]));
  const signedIn = !find("me").hidden;
  const focused = document.activeElement?.name;
  find("no-products").hidden = list.length > 0;
  find("products").replaceChildren(
    ...list.map((each) =>
      make(
        "li",
        {},
        make("span", { class: "name" }, each.name),
        make("span", { class: "price" }, money(each.price)),
        make("span", { class: each.stock ? "stock" : "stock none" }, each.stock ? `${each.stock} in stock` : "sold out"),
        make(
          "label",
          { class: "quantity", hidden: !signedIn },
          make("span", { class: "unseen" }, `Quantity of ${each.name}`),
          make("input", { type: "number", name: each.id, min: 0, max: 1000, value: 0, inputmode: "numeric" }),
        ),
      ),
    ),
  );
  // As what was typed, not as the default to which the form is reset when the order is placed.
  for (const input of document.querySelectorAll("#products input")) input.value = amounts.get(input.name) ?? 0;
  if (focused) find("products").querySelector(`[name="${CSS.escape(focused)}"]`)?.focus();
}

/** The lines of the order that the quantities make. */
export function chosen() {
  return [...document.querySelectorAll("#products input")]
    .map((input) => ({ product_id: input.name, quantity: Number(input.value) }))
    .filter(({ quantity }) => quantity > 0);
}

/** Shows an order, or its newer version in its place; an older one that arrives late changes nothing. */
export function order(each, cancel) {
  const shown = document.querySelector(`#orders [data-id="${each.id}"]`);
  if (shown && Number(shown.dataset.version) > each.version) return;
  find("no-orders").hidden = true;
  const isOver = each.status === "rejected" || each.status === "cancelled";
  const lines = each.lines.map(({ quantity, name }) => `${quantity} × ${name}`).join(", ");
  const element = make(
    "li",
    { "data-id": each.id, "data-version": each.version, "data-status": each.status },
    make("div", { class: "head" }, make("b", {}, each.number), make("span", {}, money(each.total)), make("span", { class: `badge ${each.status}` }, each.status)),
    make("p", { class: "hint" }, lines),
    isOver ? make("p", { class: "reason" }, ending(each)) : steps(each),
    isOver ? null : make("button", { type: "button", class: "quiet", onclick: () => cancel(each), "aria-label": `Cancel order ${each.number}` }, "Cancel"),
  );
  if (shown) shown.replaceWith(element);
  else find("orders").prepend(element);
}

function ending({ status, reason, payment }) {
  const why = reason ? `: ${reason.toLowerCase().replaceAll("_", " ")}` : "";
  return `${status}${why}. Payment: ${payment.status}.`;
}

function steps({ status }) {
  const reached = STEPS.indexOf(status);
  const step = (name, index) =>
    make("li", { class: index <= reached ? "done" : "", "aria-current": index === reached ? "step" : undefined }, name);
  return make("ol", { class: "steps" }, ...STEPS.map(step));
}

export function posts(id, list, publish) {
  find(id).replaceChildren(
    ...list.map((post) =>
      make(
        "li",
        { "data-id": post.id },
        make("b", {}, post.title),
        make("span", { class: "hint" }, ` ${post.author?.name ?? ""} · ${post.published ? when(post.published_at) : "draft"}`),
        make("p", {}, post.excerpt),
        publish && make("button", { type: "button", onclick: () => publish(post), "aria-label": `Publish ${post.title}` }, "Publish"),
      ),
    ),
  );
}

const when = (time) => new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Shows a request or a message of the socket on top of the list. */
export function request({ kind, method, path, status, milliseconds, body, answer, correlation }) {
  const failed = kind === "http" && (status === 0 || status >= 400);
  const result = kind === "http" ? `${status || "no answer"} · ${milliseconds} ms` : "socket";
  const part = (title, content) => content && [make("h3", {}, title), make("pre", { tabindex: 0 }, JSON.stringify(content, null, 2))];
  const console = correlation && location.pathname.startsWith("/_local/") ? `/_local/traces/${encodeURIComponent(correlation)}` : null;
  find("requests").prepend(
    make(
      "li",
      { class: failed ? "failed" : kind },
      make(
        "details",
        {},
        make("summary", {}, make("span", { class: "method" }, method), make("span", { class: "path" }, path), make("span", { class: "result" }, result)),
        ...(part("Sent", body) ?? []),
        ...(part("Received", answer) ?? []),
        console && make("p", {}, make("a", { href: console, target: "_blank", rel: "noopener" }, "Its trace")),
      ),
    ),
  );
  while (find("requests").childElementCount > REQUESTS_SHOWN) find("requests").lastElementChild.remove();
  find("request-count").textContent = `${++count}`;
}
