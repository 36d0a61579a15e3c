// Users and access: sign in as one, what a role may do, sessions and sockets.
import { act, read } from "../api.js";
import { copying, el, facts } from "../dom.js";
import { doing, one, table } from "../list.js";

export function mount(root, { identifier, query }) {
  if (identifier) return opened(root, identifier);
  const box = el("div"), signed = el("div", { "aria-live": "polite" });
  root.append(el("div.head", el("h1", "Users and access")), signed, box);
  let data = { users: [], policy: { roles: {}, rules: [] } };
  const state = { q: query.get("q") ?? "", role: query.get("role") ?? "editor" };
  const people = el("div.sheet"), matrix = el("div");

  function draw() {
    const found = data.users.filter((user) => Object.values(user).join(" ").toLowerCase().includes(state.q.toLowerCase()));
    people.replaceChildren(found.length ? table("people", [["User"], ["E-mail", "wide"], ["Role"], ["Status", "wide"], ["Session"]], found.map((user) => person(user, signed))) : el("div.empty", "No users yet. ", el("code", "make seed"), " creates some."));
    matrix.replaceChildren(policy(data.policy, state.role));
  }
  function change(name, value) {
    state[name] = value;
    history.replaceState(null, "", `/_local/users?${new URLSearchParams(Object.entries(state).filter(([, each]) => each))}`);
    draw();
  }
  box.append(
    el("form.bar", { role: "search", onsubmit: (event) => event.preventDefault() }, el("input", { type: "search", value: state.q, placeholder: "Name, address, role or status", "aria-label": "Search users", oninput: (event) => change("q", event.target.value) })),
    people, el("h2", "What a caller may do"),
    el("div.bar", { role: "group", "aria-label": "Role" }, ["viewer", "editor", "admin"].map((role) => el("button.button", { type: "button", "aria-pressed": String(role === state.role), onclick: (event) => {
      for (const button of event.target.parentNode.children) button.setAttribute("aria-pressed", String(button === event.target));
      change("role", role);
    } }, role))), matrix);
  read("users").then((found) => { data = found; draw(); }, (error) => people.replaceChildren(el("div.empty", error.message)));
}

function person(user, signed) {
  return el("tr", el("td.cut", el("a", { href: `/_local/users/${user.id}` }, user.name), el("span.soft.who", user.username)), el("td.cut.wide", user.email), el("td", user.role),
    el("td.wide", el("span.tag", { class: user.status === "active" ? "good" : "warn" }, user.status)),
    el("td.number", user.seeded && user.status === "active" && doing("Sign in", async () => {
      const tokens = await act("sign-in", { email: user.email });
      signed.replaceChildren(credentials(user, tokens));
      return `Signed in as ${user.name}.`;
    })));
}

function credentials(user, tokens) {
  const curl = `curl -s ${location.origin}/v1/users/me -H 'Authorization: Bearer ${tokens.access_token}'`;
  return el("div.sheet.pad.signed", el("p", "Signed in as ", el("b", user.name), ` (${user.role}), for ${Math.round(tokens.expires_in / 60)} minutes.`),
    el("div.bar.spaced", copying("Copy access token", tokens.access_token), copying("Copy as curl", curl), copying("Copy export", `export TOKEN=${tokens.access_token}`), el("a.button", { href: `/_local/users/${user.id}` }, "Sessions")));
}

function policy({ roles, rules, error }, role) {
  if (error) return el("div.sheet.empty", error);
  const held = new Set(roles[role] ?? []);
  const mark = (isAllowed, text) => isAllowed ? el("span.tag.good", text) : el("span.soft", "no");
  return el("div.sheet", table("policy", [["Action"], ["Of anybody"], ["Of one's own"], ["Requires", "wide"]], rules.map((rule) => el("tr", el("td.mono.cut", rule.action),
    el("td", mark(rule.needs && held.has(rule.needs), "yes")), el("td", rule.owner || (rule.needs && held.has(rule.needs)) ? el("span.tag.good", "yes") : el("span.soft", "no")),
    el("td.soft.wide", [rule.in_person && "a session, no key", rule.recent && "a recent sign-in", rule.proven && "a verified address"].filter(Boolean).join(", "))))));
}

function opened(root, identifier) {
  return one(root, { path: `users/${encodeURIComponent(identifier)}`, crumb: ["/_local/users", "Users and access"], kinds: ["request"], draw: ({ user, sessions, sockets }) => [
    el("div.head", el("h1", user.name), el("span.note", user.email), el("span.end", el("a.button", { href: `/_local/table?pk=USER%23${user.id}` }, "Items in the table"))),
    el("div.sheet.pad", facts([["id", user.id], ["username", user.username], ["role", user.role], ["status", user.status], ["verified", user.email_verified ? "yes" : "no"]])),
    el("h2", "Sessions"), el("div.sheet", sessions.length ? table("sessions", [["Session"], ["Since"], ["Device", "wide"], ["Address", "wide"]], sessions.map((each) => el("tr", el("td.mono.cut", each.id), el("td.soft", each.created_at?.slice(0, 19).replace("T", " ")), el("td.cut.wide", String(each.device ?? "")), el("td.mono.wide", String(each.address ?? ""))))) : el("div.empty", "No session is active.")),
    el("h2", "Sockets"), el("div.sheet", sockets.length ? el("pre.pad", JSON.stringify(sockets, null, 2)) : el("div.empty", "No WebSocket is connected.")),
  ] });
}
