"""The console on the whole system: the life of a registration, seen by programs and by a real browser."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, SEED_PASSWORD, Inside, wait_until
from tests.e2e.test_realtime_clients import wait_until_subscribed
from tests.local.browser import CHROMIUM, showing
from tests.local.conftest import ask
from tests.support.receiver import answer, receiver
from tests.support.stack import ROOT, RunningStack, look
from tests.support.subscribing import subscribed

pytestmark = pytest.mark.xdist_group("stack")

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SECONDS = 60
CONSUMERS = {"SendMail", "RecordActivities", "DispatchWebhooks"}
RULES = json.dumps({"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
FOUND = f"axe.run(document, {RULES}).then((all) => all.violations.map((one) => [one.id, one.nodes[0].html]))"

VIEWS = ("requests", "logs", "mail", "events", "queues", "table", "users", "orders", "faults")
SETTLED = "Boolean(document.querySelector('h1') && document.querySelector('main .sheet')?.textContent)"

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
        waited = {span["name"] for span in spans if span["kind"] == "consumer" and span["phases"]}
        is_mailed = any(span["kind"] == "mail" and span["link"] for span in spans)
        return is_mailed and {"gateway", "authorizer", "handler", "event"} <= kinds and waited >= CONSUMERS

    wait_until(is_whole, "the mail is in the life of the request", SECONDS)
    return correlation_id


def test_the_life_of_a_registration_is_whole_and_in_order(registered: str, stack: RunningStack) -> None:
    spans = life(stack, registered)
    by_id = {span["id"]: span for span in spans}

    def way(span: dict[str, Any]) -> list[str]:
        return [span["kind"], *(way(by_id[span["parent"]]) if span["parent"] else [])]

    assert [span["kind"] for span in spans if not span["parent"]] == ["gateway"]
    assert ["table", "authorizer", "gateway"] in [way(span) for span in spans if span["name"] == "UpdateItem"]
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
    assert {span["name"] for span in consumers} >= CONSUMERS
    assert all(span["phases"][0]["kind"] == "queue" for span in consumers)
    assert all(span["begin"] <= span["start"] <= span["end"] for span in spans)
    assert PASSWORD not in json.dumps(spans)


def test_the_life_of_an_update_has_its_webhook_attempts_and_socket_messages(
    anyone: Client, stack: RunningStack, inside: Inside, seeded: str
) -> None:
    assert seeded
    editor = anyone.signed_in("editor@lamina.test", SEED_PASSWORD)
    user_id, correlation_id = str(editor.get("/v1/users/me").data["id"]), f"console-{uuid4().hex}"
    realtime = look(f"{stack.url}/health/ready")["links"]["realtime"]
    query = "subscription Watch($id: ID!) { userUpdated(id: $id) { name } }"
    with receiver() as hooks, subscribed(realtime, editor.token, query, {"id": user_id}) as subscriber:
        hooks.behaviours["/hook"] = answer(500)
        webhook = {"url": hooks.url("/hook"), "events": ["user.updated"]}
        assert editor.post("/v1/webhooks", webhook, headers={"Idempotency-Key": uuid4().hex}).status == 201
        subscriber.wait_for("connected")
        wait_until_subscribed(inside, user_id)
        change, headers = {"metadata": {"seen": correlation_id}}, {"X-Correlation-Id": correlation_id}
        assert editor.patch("/v1/users/me", change, headers=headers).status == 200
        hooks.wait_for("/hook", 1, SECONDS)
        subscriber.wait_for("next")

        def found(*names: str) -> Spans:
            return [span for span in life(stack, correlation_id) if span["name"] in names]

        def is_whole() -> bool:
            return bool(found("Webhook attempt") and found("Socket message next"))

        wait_until(is_whole, "both are in the life of the request", SECONDS)
        names = {span["id"]: span["name"] for span in life(stack, correlation_id)}
        (attempt, *_), (message, *_) = found("Webhook attempt"), found("Socket message next")
        assert (names[attempt["parent"]], attempt["status"]) == ("DeliverWebhooks", "error")
        assert names[message["parent"]] == "PushEvents"


def test_a_mail_waits_while_ses_does_not_respond(anyone: Client, stack: RunningStack) -> None:
    correlation_id, name = f"console-{uuid4().hex}", f"u{uuid4().hex[:12]}"
    act(stack, "aws-faults", {"ses_down": 1})
    try:
        body = {"email": f"{name}@example.com", "username": name, "name": "Waits", "password": PASSWORD}
        assert anyone.post("/v1/auth/register", body, headers={"X-Correlation-Id": correlation_id}).status == 201

        def failed() -> Spans:
            spans = life(stack, correlation_id)
            return [span for span in spans if span["kind"] in {"mail", "aws"} and span["status"] != "ok"]

        wait_until(lambda: bool(failed()), "SES has been asked", SECONDS)
        assert not [mail for mail in look(f"{stack.url}/_local/mail") if f"{name}@example.com" in mail["to"]]
    finally:
        act(stack, "aws-faults", {})


@pytest.mark.long
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
        for view in VIEWS:
            address = f"{stack.url}/_local/{view}"
            browser.run(
                browser.opened(f"{stack.url}/_local/"), f"document.querySelector('nav [data-view={view}]').click()"
            )
            browser.opened(address)
            wait_until(lambda at=address: browser.run(at, SETTLED), f"{view} is there", SECONDS)  # type: ignore[misc]
            assert browser.run(address, FOUND) == [], view
            assert browser.run(address, "document.documentElement.scrollWidth <= innerWidth"), view


@pytest.fixture
def console(stack: RunningStack) -> Callable[[str], Any]:
    """What the console's views read."""
    return lambda path: look(f"{stack.url}/_local/data/{path}")


def act(stack: RunningStack, name: str, content: dict[str, Any]) -> Any:
    """Do something as the console does."""
    page = ask(stack, "/_local", headers=[("Accept", "text/html")]).body.decode()
    token = re.search(r'name="lamina-token" content="([^"]+)"', page)
    assert token
    headers = [("Origin", stack.url), ("X-Lamina-Token", token[1])]
    answer = ask(stack, f"/_local/actions/{name}", "POST", headers, json.dumps(content).encode())
    assert answer.status == 200, answer.body
    return answer.json


def test_items_are_read_by_access_pattern_with_units_and_without_hashes(
    seeded: str, console: Callable[[str], Any]
) -> None:
    assert seeded
    (guard,) = console("table?pattern=user-by-email&value=editor@lamina.test")["items"]
    user_id = next(each["value"] for each in guard["attributes"] if each["name"] == "user_id")
    found = console(f"table?pk=USER%23{user_id}")
    assert found["units"] > 0
    assert {"user", "credentials"} <= {item["kind"] for item in found["items"]}
    assert "argon2" not in json.dumps(found)
    newest = console("table?pattern=users")
    assert len(newest["calls"]) == 4
    assert all(item["kind"] == "user" for item in newest["items"])


def test_a_seeded_user_signs_in_and_its_session_is_shown(
    seeded: str, stack: RunningStack, console: Callable[[str], Any]
) -> None:
    assert seeded
    tokens = act(stack, "sign-in", {"email": "editor@lamina.test", "password": SEED_PASSWORD})
    assert tokens["token_type"] == "Bearer"
    found = console("users")
    editor = next(user for user in found["users"] if user["email"] == "editor@lamina.test")
    assert editor["seeded"]
    assert found["policy"]["roles"]["viewer"] == ["read"]
    assert any(rule["action"] == "users.set_role" and rule["recent"] for rule in found["policy"]["rules"])
    assert console(f"users/{editor['id']}")["sessions"]


def test_an_event_shows_its_schema_and_its_consumers_and_is_published_again(
    registered: str, stack: RunningStack, console: Callable[[str], Any]
) -> None:
    event = console(f"events?q={registered}")["items"][0]
    found = console(f"events/{event['id']}")
    assert found["schema"]["title"] == "user.created, version 1"
    assert {"Async/SendMailFunction", "Async/RecordActivitiesFunction"} <= {
        one["function"] for one in found["consumers"]
    }
    assert act(stack, "replay", {"id": event["id"]}) == {"failed": 0}
    wait_until(lambda: len(console(f"events/{event['id']}")["published"]) == 2, "it is published again", SECONDS)


@pytest.fixture
def failed(anyone: Client, stack: RunningStack, seeded: str) -> str:
    """The id of an order whose payment provider answered no attempt; its charge and its end are undone."""
    assert seeded
    editor = anyone.signed_in("editor@lamina.test", SEED_PASSWORD)
    price = {"amount": 250, "currency": "EUR"}
    product = editor.post("/v1/products", {"sku": f"C-{uuid4().hex[:12]}", "name": "Seen", "price": price, "stock": 5})
    lines = [{"product_id": product.data["id"], "quantity": 1}]
    act(stack, "payment-faults", {"errors": 100})
    try:
        body = {"lines": lines, "payment_method": "pm_card_visa"}
        answer = editor.post("/v1/orders", body, headers={"Idempotency-Key": uuid4().hex})
        order = str(answer.data["id"])
        wait_until(lambda: "Void payment" in _steps(stack, order), "the charge has failed", SECONDS)
    finally:
        act(stack, "payment-faults", {})
    wait_until(lambda: ("Release stock", "End") in _way(stack, order), "the order is undone", SECONDS)
    return order


def _steps(stack: RunningStack, order: str) -> set[str]:
    try:
        return {run["step"] for run in look(f"{stack.url}/_local/data/orders/{order}")["runs"]}
    except HTTPError:
        return set()


def _way(stack: RunningStack, order: str) -> list[tuple[str, str]]:
    return [(one["source"], one["target"]) for one in look(f"{stack.url}/_local/data/orders/{order}")["taken"]]


def test_the_way_of_an_order_goes_through_its_failed_step_and_what_undoes_it(failed: str, stack: RunningStack) -> None:
    assert _way(stack, failed) == [
        ("Start", "Reserve stock"),
        ("Reserve stock", "Charge payment"),
        ("Charge payment", "Reject order"),
        ("Reject order", "Void payment"),
        ("Void payment", "Release stock"),
        ("Release stock", "End"),
    ]
    runs = look(f"{stack.url}/_local/data/orders/{failed}")["runs"]
    assert [run["error"] for run in runs if run["step"] == "Charge payment"] == ["PaymentUnavailable"] * 3


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: there is no npm")
@pytest.mark.parametrize("size", ["1280,900", "390,844"])
def test_a_browser_draws_the_way_of_an_order_as_it_was_at_any_moment(
    failed: str, stack: RunningStack, tmp_path: Path, size: str
) -> None:
    page = f"{stack.url}/_local/orders/{failed}"
    with showing(page, tmp_path, f"--window-size={size}") as browser:
        browser.opened(page)
        went = "[...document.querySelectorAll('.edge.went title')].map((each) => each.textContent)"
        wait_until(lambda: browser.run(page, f"{went}.length") == 6, "the way is drawn", SECONDS)
        assert "Charge payment → Reject order: failed" in browser.run(page, went)
        told = browser.run(page, "document.querySelector('svg.graph').getAttribute('aria-label')")
        assert "Charge payment: failed 3 times (PaymentUnavailable)" in told
        assert browser.run(page, "document.querySelectorAll('.way li').length") == 5
        browser.run(page, AXE.read_text(encoding="utf-8"))
        assert browser.run(page, FOUND) == []
        assert browser.run(page, "document.documentElement.scrollWidth <= innerWidth")
        slider = "document.querySelector('.as-of input')"
        browser.run(page, f"{slider}.focus(), {slider}.value = 0, {slider}.dispatchEvent(new Event('input'))")
        assert browser.run(page, f"{went}.length") < 2
        assert "pending" in browser.run(page, "document.querySelector('main').textContent")
