"""Webhooks through the running stack, as a receiver sees them that checks signatures by its own package."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, register, wait_until
from tests.support.receiver import Receiver, answer, receiver

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
def endpoint() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def me(anyone: Client, newcomer: dict[str, Any]) -> Client:
    return anyone.signed_in(newcomer["email"], PASSWORD)


@pytest.fixture
def hook(me: Client, endpoint: Receiver, secrets: set[str]) -> Callable[..., dict[str, Any]]:
    def make(path: str = "/hook", **fields: object) -> dict[str, Any]:
        made = me.post("/v1/webhooks", {"url": endpoint.url(path), "events": ["user.updated"], **fields})
        assert made.status == 201, made.body
        secrets.add(made.data["secret"])
        data: dict[str, Any] = made.data
        return data

    return make


def test_what_happens_to_its_owner_reaches_an_endpoint_signed(
    me: Client, newcomer: dict[str, Any], endpoint: Receiver, hook: Callable[..., dict[str, Any]]
) -> None:
    made = hook()
    assert me.patch("/v1/users/me", {"name": "Another Name"}, headers={"X-Correlation-Id": "hooked"}).status == 200
    (got,) = endpoint.wait_for("/hook", 1)
    event = Webhook(made["secret"]).verify(got.body, got.headers)
    assert event == got.event
    assert (event["type"], event["subject"], event["correlation_id"]) == ("user.updated", newcomer["id"], "hooked")
    assert event["data"]["changed"] == ["name"]
    assert got.headers["webhook-id"] == event["id"]
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(got.body + b" ", got.headers)
    path = f"/v1/webhooks/{made['id']}/deliveries"
    wait_until(lambda: bool(me.get(f"{path}?status=succeeded").data), "the delivery is in the log")
    (delivery,) = me.get(path).data
    assert [attempt["status"] for attempt in delivery["attempts"]] == [204]


def test_a_rotated_secret_signs_along_with_the_new_one(
    me: Client, endpoint: Receiver, hook: Callable[..., dict[str, Any]], secrets: set[str]
) -> None:
    made = hook()
    rotated = me.post(f"/v1/webhooks/{made['id']}/rotate-secret", headers={"Idempotency-Key": "rotate"})
    again = me.post(f"/v1/webhooks/{made['id']}/rotate-secret", headers={"Idempotency-Key": "rotate"})
    assert again.data == rotated.data
    secrets.add(rotated.data["secret"])
    tested = me.post(f"/v1/webhooks/{made['id']}/test")
    assert (tested.status, tested.data["status"]) == (202, "pending")
    assert me.get(tested.headers["Location"]).data[0]["id"] == tested.data["id"]
    (got,) = endpoint.wait_for("/hook", 1)
    for secret in (made["secret"], rotated.data["secret"]):
        assert Webhook(secret).verify(got.body, got.headers)["type"] == "webhook.test"


def test_what_failed_is_tried_again_and_can_be_asked_for(
    me: Client, endpoint: Receiver, hook: Callable[..., dict[str, Any]]
) -> None:
    made = hook()
    endpoint.behaviours["/hook"] = answer(503, b"not now")
    me.patch("/v1/users/me", {"name": "Tried Again"})
    first = endpoint.wait_for("/hook", 1)[0]
    endpoint.behaviours["/hook"] = answer(200, b"thanks")
    second = endpoint.wait_for("/hook", 2, 40)[1]
    assert 4 < second.at - first.at < 20
    assert (second.body, second.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])
    path = f"/v1/webhooks/{made['id']}/deliveries"
    wait_until(lambda: bool(me.get(f"{path}?status=succeeded").data), "it has succeeded")
    (delivery,) = me.get(path).data
    assert [attempt["answer"] for attempt in delivery["attempts"]] == ["not now", "thanks"]
    assert me.post(f"{path}/{delivery['id']}/redeliver").status == 202
    third = endpoint.wait_for("/hook", 3)[2]
    assert third.headers["webhook-id"] == first.headers["webhook-id"]
    assert third.headers["webhook-timestamp"] != first.headers["webhook-timestamp"]


def test_an_administrator_receives_events_about_all_users(
    anyone: Client, admin: Client, newcomer: dict[str, Any], endpoint: Receiver
) -> None:
    body = {"url": endpoint.url("/all"), "events": ["user.created"], "scope": "all"}
    made = admin.post("/v1/webhooks", body)
    assert made.status == 201, made.body
    someone = register(anyone)
    wait_until(lambda: someone["id"] in {got.event["subject"] for got in endpoint.at("/all")}, "it is told", 40)
    assert admin.delete(f"/v1/webhooks/{made.data['id']}").status == 204
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    refused = me.post("/v1/webhooks", body)
    assert (refused.status, refused.error["code"]) == (403, "FORBIDDEN")


def test_a_webhook_is_read_listed_changed_and_deleted(me: Client, hook: Callable[..., dict[str, Any]]) -> None:
    made, other = hook("/one", description="One"), hook("/two")
    path = f"/v1/webhooks/{made['id']}"
    read = me.get(path)
    assert read.data == {name: value for name, value in made.items() if name != "secret"}
    assert me.get(path, headers={"If-None-Match": read.headers["ETag"]}).status == 304
    listed = me.get("/v1/webhooks?limit=1")
    assert ([each["id"] for each in listed.data], listed.meta["total"]) == ([other["id"]], 2)
    assert me.follow(listed, "next").data == [read.data]
    changed = me.patch(path, {"status": "disabled", "events": ["*"]}, headers={"If-Match": read.headers["ETag"]})
    assert (changed.data["status"], changed.data["events"], changed.data["version"]) == ("disabled", ["*"], 2)
    assert me.patch(path, {"events": ["a.*"]}, headers={"If-Match": read.headers["ETag"]}).status == 412
    assert me.post(f"{path}/test").error["code"] == "WEBHOOK_DISABLED"
    assert me.delete(path, headers={"If-Match": read.headers["ETag"]}).status == 412
    assert me.delete(path, headers={"If-Match": changed.headers["ETag"]}).status == 204
    assert me.get(path).status == 404


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "https://169.254.169.254/", "https://u:p@example.com/", "ftp://x.y"]
)
def test_a_url_that_leads_inside_is_a_400_that_names_the_field(me: Client, url: str) -> None:
    refused = me.post("/v1/webhooks", {"url": url, "events": ["*"]})
    assert refused.status == 400
    assert [detail["field"] for detail in refused.error["details"]] == ["url"]
