// Faults to try: the payment provider's and the local AWS's.
import { act, read } from "../api.js";
import { el, toast } from "../dom.js";
import { on } from "../live.js";

const AWS = {
  ses_down: ["SES does not respond", "Mails wait in their queue; the circuit breaker opens.", "switch"],
  table_throttled_percent: ["Table throttles, percent of calls", "Functions retry, then return 503 with Retry-After.", 100],
  table_slow_ms: ["Table is slow, milliseconds", "Added to each call of a function.", 5000],
  kms_slow_ms: ["KMS is slow, milliseconds", "Signing a token takes longer.", 5000],
};
const PAYMENTS = {
  slow_seconds: ["Slow, seconds", "Every change takes so long.", 120], declines: ["Declined charges", "The next charges are declined.", 100],
  errors: ["Errors", "The next requests return 500 and do nothing.", 100], errors_after: ["Errors after the work", "The next requests are executed and return 500.", 100],
  drops: ["Dropped requests", "The next connections are closed; nothing is done.", 100], losses: ["Lost responses", "The next requests are executed; their response is lost.", 100],
  early_notifications: ["Early notifications", "Sent before the response.", 100], repeated_notifications: ["Repeated notifications", "Sent twice.", 100],
  lost_notifications: ["Lost notifications", "Never sent.", 100], late_seconds: ["Late notifications, seconds", "Sent so long after the change.", 120],
};

export function mount(root) {
  const payments = el("div.sheet"), aws = el("div.sheet");
  root.append(el("div.head", el("h1", "Faults"), el("span.note", "They concern this stack until it restarts.")),
    el("h2", "Local AWS"), aws, el("h2", "Payment provider"), el("p.soft.spaced", "A number is how many of the next requests it concerns, unless it says otherwise."), payments);
  async function refresh() {
    const found = await read("faults");
    payments.replaceChildren(form(PAYMENTS, found.payments, "payment-faults"));
    aws.replaceChildren(form(AWS, found.aws, "aws-faults"));
  }
  const ended = on(["change"], refresh);
  refresh().catch((error) => aws.replaceChildren(el("div.empty", error.message)));
  return ended;
}

function form(known, values, action) {
  const inputs = Object.entries(known).map(([name, [label, note, most]]) => {
    const input = most === "switch" ? el("input", { type: "checkbox", name, checked: Boolean(values[name]) }) : el("input", { type: "number", name, min: "0", max: String(most), value: String(values[name]) });
    return el("label.fault", { class: values[name] ? "set" : "" }, el("span", el("b", label), el("span.soft", note)), input);
  });
  const submit = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...event.target.elements].filter((each) => each.name).map((each) => [each.name, each.type === "checkbox" ? Number(each.checked) : Number(each.value)]));
    try { await act(action, given); toast("Set."); } catch (error) { toast(error.message); }
  };
  return el("form.faults", { onsubmit: submit }, inputs, el("p.bar.pad", el("button.button.main", { type: "submit" }, "Set"), el("button.button", { type: "button", onclick: async () => { await act(action, {}); toast("All off."); } }, "All off")));
}
