"""The console on the whole system: the life of a registration, seen by programs and by a real browser."""

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, wait_until
from tests.local.browser import CHROMIUM, showing
from tests.support.stack import ROOT, RunningStack, look

pytestmark = pytest.mark.xdist_group("stack")

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SECONDS = 60
RULES = json.dumps({"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
FOUND = f"axe.run(document, {RULES}).then((all) => all.violations.map((one) => [one.id, one.nodes[0].html]))"

type Spans = list[dict[str, Any]]


def life(stack: RunningStack, correlation_id: str) -> Spans:
    try:
        spans: Spans = look(f"{stack.url}/_local/data/requests/{correlation_id}")["spans"]
    except HTTPError:
        return []
    return spans


@pytest.fixture
def registered(anyone: Client, stack: RunningStack) -> str:
    """The correlation id of a registration, once its mail is sent."""
    correlation_id, name = f"console-{uuid4().hex}", f"u{uuid4().hex[:12]}"
    body = {"email": f"{name}@example.com", "username": name, "name": "Seen", "password": PASSWORD}
    assert anyone.post("/v1/auth/register", body, headers={"X-Correlation-Id": correlation_id}).status == 201

    def is_whole() -> bool:
        spans = life(stack, correlation_id)
        kinds = {span["kind"] for span in spans}
        mails = [span for span in spans if span["kind"] == "mail"]
        return {"gateway", "authorizer", "handler", "event", "consumer"} <= kinds and any(
            mail["link"] for mail in mails
        )

    wait_until(is_whole, "the mail is in the life of the request", SECONDS)
    return correlation_id


def test_the_life_of_a_registration_is_whole_and_in_order(registered: str, stack: RunningStack) -> None:
    spans = life(stack, registered)
    by_id = {span["id"]: span for span in spans}

    def way(span: dict[str, Any]) -> list[str]:
        return [span["kind"], *(way(by_id[span["parent"]]) if span["parent"] else [])]

    (mail,) = [span for span in spans if span["kind"] == "mail"]
    assert way(mail) == ["mail", "consumer", "event", "handler", "gateway"]
    (written,) = [span for span in spans if span["name"] == "TransactWriteItems" and way(span)[1] == "handler"]
    assert {("USER", "USER"), ("USER", "EVENT")} <= {
        (item["pk"].partition("#")[0], item["sk"].partition("#")[0]) for item in written["items"]
    }
    assert all(item["action"] == "Put" for item in written["items"])
    (event,) = [span for span in spans if span["kind"] == "event"]
    assert event["payload"]["type"] == event["name"] == "user.created"
    consumers = [span for span in spans if span["parent"] == event["id"]]
    assert {"SendMail", "RecordActivities", "DispatchWebhooks"} <= {span["name"] for span in consumers}
    assert all(span["phases"][0]["kind"] == "queue" for span in consumers)
    assert all(span["begin"] <= span["start"] <= span["end"] for span in spans)
    assert PASSWORD not in json.dumps(spans)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: there is no npm")
@pytest.mark.parametrize("size", ["1280,900", "390,844"])
def test_a_browser_shows_the_waterfall_accessibly(
    registered: str, stack: RunningStack, tmp_path: Path, size: str
) -> None:
    page = f"{stack.url}/_local/requests/{registered}"
    with showing(page, tmp_path, f"--window-size={size}") as browser:
        browser.opened(page)
        wait_until(
            lambda: browser.run(page, "document.querySelectorAll('.rows li').length") > 5, "the rows are there", SECONDS
        )
        browser.run(page, "document.querySelector('.is-handler .label').focus(), document.activeElement.click()")
        assert browser.run(page, "document.querySelector('.details').textContent.includes('correlation_id')")
        assert browser.run(page, "document.documentElement.scrollWidth <= innerWidth")
        browser.run(page, AXE.read_text(encoding="utf-8"))
        assert browser.run(page, FOUND) == []
        requests = f"{stack.url}/_local/requests"
        browser.run(page, "document.querySelector('.crumb a').click()")
        browser.opened(requests)
        wait_until(
            lambda: browser.run(requests, "document.querySelectorAll('tbody tr').length") > 0, "requests", SECONDS
        )
        assert browser.run(requests, FOUND) == []
