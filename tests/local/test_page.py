"""The page for people: what it shows of queues, events, mails and logs, and that nothing shown can act."""

import json
import re
from typing import Any

import pytest

from local import stack
from local.links import PAGES
from tests.local.conftest import Answer, account, ask
from tests.local.ministack import eventually
from tests.support.stack import RunningStack

pytestmark = pytest.mark.xdist_group("local")

HOSTILE = "<script>alert(1)</script>"


def client(small: RunningStack, service: Any) -> Any:
    """A client of the local AWS behind a stack."""
    return stack.client(service, account(small))


def page(small: RunningStack) -> str:
    return ask(small, "/_local").body.decode()


def row(small: RunningStack, queue: str) -> list[str]:
    """The cells of a queue: waiting, delayed, in flight, dead letters."""
    found = re.search(rf"<tr><td>{queue}</td>(.*?)</tr>", page(small))
    assert found, "no such queue"
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td class=number>(.*?)</td>", found[1])]


def put_aside(small: RunningStack, name: str, *bodies: str) -> str:
    """Make a queue whose dead letters are these; its URL."""
    sqs = client(small, "sqs")
    dead = sqs.create_queue(QueueName=f"{name}-put-aside")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    queue: str = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=dead, MessageBody=body)
    return queue


def test_a_queue_shows_what_waits_in_it_and_how(small: RunningStack) -> None:
    queue, sqs = put_aside(small, "counted", "dead"), client(small, "sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="one")
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=600)
    for text in ("two", "three"):
        sqs.send_message(QueueUrl=queue, MessageBody=text)
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=600)
    assert row(small, "counted") == ["2", "1", "1", "1"]


def test_dead_letters_can_be_read_and_the_command_is_there_that_brings_them_back(small: RunningStack) -> None:
    event = {"type": "user.created", "subject": "0190a3f0", "data": {"role": "viewer"}}
    put_aside(small, "failing", json.dumps({"detail": event}))
    html = page(small)
    assert "user.created  0190a3f0" in html
    assert "&quot;role&quot;: &quot;viewer&quot;" in html
    assert f"AWS_ENDPOINT_URL={account(small).endpoint} AWS_SHARED_CREDENTIALS_FILE=/" in html
    assert account(small).secret_access_key not in html
    assert "make redrive QUEUE=failing</code>" in html


def test_reading_a_dead_letter_is_no_try_of_it(small: RunningStack) -> None:
    put_aside(small, "untouched", "dead")
    for _ in range(3):
        assert row(small, "untouched")[3] == "1"
    assert "put-aside, 0 tries" not in page(small)
    assert "untouched, 0 tries" in page(small)


def test_an_event_on_the_bus_is_shown_whole_and_newest_first(small: RunningStack) -> None:
    bus = client(small, "events")
    for kind in ("thing.made", "thing.broken"):
        detail = json.dumps({"subject": "0190ffff", "occurred_at": "2026-11-20T09:30:00.000000Z", "data": {"n": 7}})
        bus.put_events(Entries=[{"Source": "test", "DetailType": kind, "Detail": detail}])
    html = page(small)
    assert html.index("thing.broken") < html.index("thing.made")
    assert "09:30:00" in html
    assert "&quot;n&quot;: 7" in html


def test_a_function_is_named_beside_what_it_logs(small: RunningStack) -> None:
    ask(small, "/health")
    eventually(lambda: '<span class="who">Echo</span>' in page(small), "the log says whose it is")


def send(small: RunningStack, html: str, text: str = HOSTILE) -> Answer | None:
    """Send a mail, and open its frame, if it has one."""
    mails = client(small, "ses")
    mails.verify_email_identity(EmailAddress="from@example.com")
    mails.send_email(
        Source="from@example.com",
        Destination={"ToAddresses": ["to@example.com"]},
        Message={"Subject": {"Data": HOSTILE}, "Body": {"Text": {"Data": text}, "Html": {"Data": html}}},
    )
    frame = re.search(r'<iframe sandbox="([^"]*)"[^>]* src="(/_local/mail/[^"]+)"', page(small))
    if not html:
        return None
    assert frame
    assert "allow-scripts" not in frame[1]
    assert "allow-same-origin" not in frame[1]
    return ask(small, frame[2])


def test_a_mail_is_shown_as_it_looks_and_can_run_nothing(small: RunningStack) -> None:
    mail = '<p style="color:red">Hello</p>'
    answer = send(small, mail)
    assert answer
    assert answer.body.decode() == f'<base target="_blank">{mail}'
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "; sandbox " in policy
    assert "script" not in policy
    assert ask(small, "/_local/mail/another").status == 404


def test_caught_mail_is_a_page_for_browsers_and_json_for_programs(small: RunningStack) -> None:
    send(small, HOSTILE)
    browser = ask(small, "/_local/mail", headers=[("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")])
    assert browser.headers["Content-Type"] == "text/html; charset=utf-8"
    assert 'src="/_local/mail/' in browser.body.decode()
    assert HOSTILE not in browser.body.decode()
    live = ask(small, "/_local/mail/live")
    assert 'src="/_local/mail/' in live.body.decode()
    for accept in ("*/*", "application/json"):
        assert ask(small, "/_local/mail", headers=[("Accept", accept)]).json[0]["html"] == HOSTILE


def test_a_browser_that_opens_the_bare_address_is_led_to_the_endpoints(small: RunningStack) -> None:
    browser = ask(small, "/", headers=[("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")])
    assert (browser.status, browser.headers["Location"]) == (302, "/docs")
    for accept in ("*/*", "application/json"):
        assert ask(small, "/", headers=[("Accept", accept)]).status != 302


def test_an_address_in_the_text_of_a_mail_can_be_clicked(small: RunningStack) -> None:
    send(small, "", text="Open https://app.example.com/verify-email?token=a&b or leave it.")
    link = "https://app.example.com/verify-email?token=a&amp;b"
    assert f'Open <a href="{link}" target="_blank" rel="noopener">{link}</a> or leave it.' in page(small)


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_link_of_a_mail_leads_to_a_page_that_nothing_else_can_run_on(small: RunningStack, path: str) -> None:
    answer = ask(small, f"{path}?token={HOSTILE}")
    html, policy = answer.body.decode(), answer.headers["Content-Security-Policy"]
    assert answer.status == 200
    assert PAGES[path].endpoint in html
    assert HOSTILE not in html
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not re.findall(r"https?://", html)
    assert ask(small, path, "POST", body=b"").status == 405


def test_what_the_page_fetches_again_is_what_it_shows_and_no_more(small: RunningStack) -> None:
    put_aside(small, "fetched", "dead")
    live = ask(small, "/_local/live")
    assert "<td>fetched</td>" in live.body.decode()
    assert live.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for part in ("<script", "<style", "<html"):
        assert part not in live.body.decode()
    assert 'fetch("/_local/live"' in page(small)


def test_nothing_that_is_shown_becomes_part_of_the_page(small: RunningStack) -> None:
    send(small, HOSTILE)
    put_aside(small, "hostile", HOSTILE, json.dumps({"detail": {"type": HOSTILE, "subject": HOSTILE}}))
    client(small, "events").put_events(
        Entries=[{"Source": "test", "DetailType": HOSTILE, "Detail": json.dumps({"subject": HOSTILE})}]
    )
    ask(small, f"/echo/{HOSTILE}")
    answer = ask(small, "/_local")
    assert HOSTILE not in answer.body.decode()
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert re.findall(r"<script[^>]*>", answer.body.decode()) == [
        f'<script nonce="{policy.partition("script-src 'nonce-")[2].partition("'")[0]}">'
    ]
