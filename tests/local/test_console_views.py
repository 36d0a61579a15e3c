"""The console's views on a small stack: queues, dead letters, events, mails, logs and faults."""

import json
import re
from typing import Any

import pytest

from local import stack
from local.links import PAGES
from tests.local.conftest import Answer, account, ask
from tests.local.ministack import eventually
from tests.local.test_console import data, document, token
from tests.support.stack import RunningStack

pytestmark = pytest.mark.xdist_group("local")

HOSTILE = "<script>alert(1)</script>"


def client(small: RunningStack, service: Any) -> Any:
    """A client of the local AWS behind a stack."""
    return stack.client(service, account(small))


def act(small: RunningStack, name: str, content: dict[str, Any]) -> Answer:
    """Do something as the console does."""
    headers = [("Origin", small.url), ("X-Lamina-Token", token(small))]
    return ask(small, f"/_local/actions/{name}", "POST", headers, json.dumps(content).encode())


def queue(small: RunningStack, name: str) -> dict[str, Any]:
    (found,) = [each for each in data(small, "queues")["items"] if each["name"] == name]
    return dict(found)


def put_aside(small: RunningStack, name: str, *bodies: str) -> str:
    """Create a queue with these dead letters, and return its URL."""
    sqs = client(small, "sqs")
    dead = sqs.create_queue(QueueName=f"{name}-put-aside")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    queue: str = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=dead, MessageBody=body)
    return queue


def test_a_queue_shows_what_waits_in_it_and_how(small: RunningStack) -> None:
    url, sqs = put_aside(small, "counted", "dead"), client(small, "sqs")
    sqs.send_message(QueueUrl=url, MessageBody="one")
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)
    for text in ("two", "three"):
        sqs.send_message(QueueUrl=url, MessageBody=text)
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=600)
    found = queue(small, "counted")
    assert [found[name] for name in ("waiting", "delayed", "in_flight", "dead")] == [2, 1, 1, 1]


def test_dead_letters_can_be_read_and_lead_to_their_event(small: RunningStack) -> None:
    event = {"type": "user.created", "subject": "0190a3f0", "id": "e1", "correlation_id": "c1"}
    put_aside(small, "failing", json.dumps({"detail": event}))
    (letter,) = queue(small, "failing")["letters"]
    assert letter["title"] == "user.created  0190a3f0"
    assert (letter["event"], letter["correlation"]) == ("e1", "c1")
    assert '"id": "e1"' in letter["body"]


def test_reading_a_dead_letter_is_no_try_of_it(small: RunningStack) -> None:
    put_aside(small, "untouched", "dead")
    for _ in range(3):
        assert queue(small, "untouched")["letters"][0]["tries"] == 0


def test_one_dead_letter_is_retried_and_then_all(small: RunningStack) -> None:
    put_aside(small, "retried", "first", "second", "third")
    wanted = next(each for each in queue(small, "retried")["letters"] if each["body"] == "second")
    assert act(small, "redrive", {"queue": "retried", "message": wanted["message_id"]}).json == {"moved": 1}
    found = queue(small, "retried")
    assert (found["waiting"], sorted(each["body"] for each in found["letters"])) == (1, ["first", "third"])
    assert act(small, "redrive", {"queue": "retried"}).json == {"moved": 2}
    assert (queue(small, "retried")["waiting"], queue(small, "retried")["dead"]) == (3, 0)


def test_what_has_no_queue_to_go_back_to_is_refused(small: RunningStack) -> None:
    answer = act(small, "redrive", {"queue": "nothing"})
    assert (answer.status, answer.json["error"]["code"]) == (400, "VALIDATION_ERROR")


def test_an_event_is_shown_whole_with_when_it_was_published(small: RunningStack) -> None:
    detail = {
        "id": "e7",
        "type": "thing.made",
        "version": 1,
        "subject": "0190ffff",
        "correlation_id": "c7",
        "data": {"n": 7},
    }
    entry = {"Source": "lamina", "DetailType": "thing.made", "Detail": json.dumps(detail)}
    client(small, "events").put_events(Entries=[entry, entry])
    eventually(lambda: bool(data(small, "events?q=0190ffff")["items"]), "the event is listed")
    found = data(small, "events/e7")
    assert (found["type"], found["detail"]["data"], found["schema"]) == ("thing.made", {"n": 7}, None)
    assert len(found["published"]) == 2
    assert data(small, "events?q=0190ffff+nothing")["items"] == []
    assert ask(small, "/_local/data/events/none").status == 404


def test_what_a_function_logs_is_listed_with_its_name(small: RunningStack) -> None:
    ask(small, "/echo/logged")

    def functions() -> set[str]:
        return {each["function"].rpartition("/")[2] for each in data(small, "logs")["items"]}

    eventually(lambda: any("Echo" in name for name in functions()), "the log says whose it is")


def send(small: RunningStack, html: str, text: str = HOSTILE) -> str:
    """Send a mail; its id."""
    mails = client(small, "ses")
    mails.verify_email_identity(EmailAddress="from@example.com")
    mails.send_email(
        Source="from@example.com",
        Destination={"ToAddresses": ["to@example.com"]},
        Message={"Subject": {"Data": HOSTILE}, "Body": {"Text": {"Data": text}, "Html": {"Data": html}}},
    )
    identifier: str = data(small, "mail")["items"][0]["id"]
    return identifier


def test_a_mail_is_shown_as_it_looks_and_can_run_nothing(small: RunningStack) -> None:
    mail = '<p style="color:red">Hello</p>'
    answer = ask(small, f"/_local/mail/{send(small, mail)}/html")
    assert answer.body.decode() == f'<base target="_blank">{mail}'
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "; sandbox " in policy
    assert "script" not in policy
    assert ask(small, "/_local/mail/another/html").status == 404


def test_a_mail_has_text_and_source(small: RunningStack) -> None:
    found = data(small, f"mail/{send(small, '<b>Bold</b>', 'Plain, é')}")
    assert (found["text"], found["to"], found["has_html"]) == ("Plain, é", ["to@example.com"], True)
    assert "To: to@example.com" in found["source"]
    assert "<b>Bold</b>" in found["source"]
    assert [each["id"] for each in data(small, "mail?q=plain")["items"]] == [found["id"]]
    assert ask(small, "/_local/data/mail/another").status == 404


def test_caught_mail_is_a_page_for_browsers_and_json_for_programs(small: RunningStack) -> None:
    send(small, HOSTILE)
    browser = document(small, "/_local/mail")
    assert browser.headers["Content-Type"] == "text/html; charset=utf-8"
    for accept in ("*/*", "application/json"):
        assert ask(small, "/_local/mail", headers=[("Accept", accept)]).json[0]["html"] == HOSTILE


def test_a_browser_that_opens_the_bare_address_is_led_to_the_endpoints(small: RunningStack) -> None:
    browser = document(small, "/")
    assert (browser.status, browser.headers["Location"]) == (302, "/docs")
    for accept in ("*/*", "application/json"):
        assert ask(small, "/", headers=[("Accept", accept)]).status != 302


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


def test_faults_are_switched_on_and_off(small: RunningStack) -> None:
    assert act(small, "payment-faults", {"declines": 2, "slow_seconds": 0.5}).status == 200
    assert act(small, "aws-faults", {"ses_down": 1}).json["ses_down"] == 1
    found = data(small, "faults")
    assert (found["payments"]["declines"], found["payments"]["slow_seconds"], found["aws"]["ses_down"]) == (2, 0.5, 1)
    for name, wrong in (
        ("payment-faults", {"declines": -1}),
        ("aws-faults", {"ses_down": 2}),
        ("aws-faults", {"x": 1}),
    ):
        assert act(small, name, wrong).status == 400
    send(small, "")  # the account's own calls get through
    assert set(act(small, "aws-faults", {}).json.values()) == {0}
    act(small, "payment-faults", {})
