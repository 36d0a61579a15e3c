// Captured mails: as they look, as text, as source.
import { el, facts } from "../dom.js";
import { time } from "../format.js";
import { list, one, table } from "../list.js";

const LINK = /https?:\/\/[^\s<>"']+/g;

export function mount(root, context) {
  if (context.identifier) return opened(root, context);
  return list(root, context, {
    view: "mail", title: "Mail", noun: "mail", kinds: ["mail"], hint: "Subject, address or text",
    empty: "No mail yet. Mail that the API sends is captured here, not sent.",
    draw: (items) => table("mails", [["Time"], ["To"], ["Subject"]], items.map((mail) => el("tr",
      el("td.mono.soft", time(mail.at, el)), el("td.cut", mail.to.join(", ")),
      el("td.cut", el("a.stretched", { href: `/_local/mail/${mail.id}` }, mail.subject || "(no subject)"), el("span.soft.who", mail.start))))),
  });
}

function opened(root, { identifier }) {
  return one(root, { path: `mail/${encodeURIComponent(identifier)}`, crumb: ["/_local/mail", "Mail"], draw: (mail) => {
    const panes = {
      rendered: () => el("iframe.mail-frame", { sandbox: "allow-popups allow-popups-to-escape-sandbox", title: "The mail as it looks", src: `/_local/mail/${identifier}/html` }),
      text: () => el("pre.pad", { tabindex: "0" }, linked(mail.text)),
      source: () => el("pre.pad", { tabindex: "0" }, mail.source),
    };
    const box = el("div.sheet");
    const names = Object.keys(panes).filter((name) => name !== "rendered" || mail.has_html);
    const buttons = names.map((name) => el("button.button", { type: "button", "aria-pressed": "false", onclick: () => choose(name) }, name[0].toUpperCase() + name.slice(1)));
    const choose = (name) => {
      box.replaceChildren(panes[name]());
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(names[index] === name)));
    };
    choose(names[0]);
    return [el("div.head", el("h1", mail.subject || "(no subject)")),
      el("div.sheet.pad", facts([["to", mail.to.join(", ")], ["sent", time(mail.at, el)], ["caused by", mail.request && el("a.mono", { href: `/_local/requests/${encodeURIComponent(mail.request)}` }, mail.request)]])),
      el("div.bar.spaced", { role: "group", "aria-label": "How the mail is shown" }, buttons), box];
  } });
}

/** A text whose addresses can be followed. */
function linked(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(LINK)) {
    parts.push(text.slice(last, match.index), el("a", { href: match[0], target: "_blank", rel: "noopener" }, match[0]));
    last = match.index + match[0].length;
  }
  return [...parts, text.slice(last)];
}
