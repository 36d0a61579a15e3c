"""Webhooks, from the resource to the endpoint."""

import json
from typing import Any

from lamina import ids
from lamina.access.policy import Role
from lamina.storage import list_cursors
from lamina.webhooks import endpoint_queue, retries
from lamina.webhooks.endpoint_queue import EndpointQueueItem, endpoint_queue_key
from lamina.webhooks.items import PendingItem, pending_key
from tests.roles.process import Scenario, forget_idempotency_records, place, table_busy
from tests.support.aws import Api, invoke, signed_in
from tests.support.samples import DELIVERY, WEBHOOK, sample, store_samples

BODY = {"url": "https://example.com/hooks", "events": ["*"]}


def resource() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    request: dict[str, Any] = {"body": {**BODY, "scope": "all"}, "headers": {"Idempotency-Key": "1"}}
    with table_busy():
        assert admin.post("/v1/webhooks", **request).status == 503
    made = admin.post("/v1/webhooks", **request)
    assert admin.post("/v1/webhooks", **request).json == made.json
    forget_idempotency_records()
    assert admin.post("/v1/webhooks", **request).data["secret"] == made.data["secret"]
    admin.post("/v1/webhooks", BODY)
    assert admin.get("/v1/webhooks?limit=1").json["meta"]["has_more"]
    at = f"/v1/webhooks/{made.data['id']}"
    assert admin.get(at).status == 200
    assert admin.patch(at, {"url": "https://example.org/hooks"}).status == 200
    _rotate(admin, at)
    admin.post(f"{at}/test")
    request = {"headers": {"Idempotency-Key": "3"}}
    with table_busy():
        assert admin.post(f"{at}/test", **request).status == 503
    delivery = admin.post(f"{at}/test", **request).data
    assert admin.post(f"{at}/test", **request).data == delivery
    forget_idempotency_records()
    assert admin.post(f"{at}/test", **request).data["id"] == delivery["id"]
    list_cursors._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so
    assert admin.post(f"{at}/deliveries/{delivery['id']}/redeliver").status == 202
    for query in ("", "?status=pending", "?limit=1"):
        assert admin.get(f"{at}/deliveries{query}").status == 200
    assert admin.delete(at).status == 204


def _rotate(admin: Api, at: str) -> None:
    request = {"headers": {"Idempotency-Key": "2"}}
    with table_busy():
        assert admin.post(f"{at}/rotate-secret", **request).status == 503
    made = admin.post(f"{at}/rotate-secret", **request)
    assert admin.post(f"{at}/rotate-secret", **request).json == made.json
    forget_idempotency_records()
    assert admin.post(f"{at}/rotate-secret", **request).data["secret"] == made.data["secret"]


def dispatch() -> None:
    store_samples()
    event = sample("consumers/dispatch_webhooks")
    message = json.loads(event["Records"][0]["body"])
    message["detail"] |= {"id": "spoilt", "occurred_at": None}
    spoilt = event["Records"][0] | {"messageId": "spoilt", "body": json.dumps(message)}
    event["Records"].append(spoilt)
    answer = {"batchItemFailures": [{"itemIdentifier": "spoilt"}]}
    for _ in range(2):
        assert invoke(place("consumers/dispatch_webhooks"), event) == answer
    forget_idempotency_records()
    assert invoke(place("consumers/dispatch_webhooks"), event) == answer


def deliver() -> None:
    """A delivery that fails, and is the last straw for an endpoint that has failed for days."""
    store_samples()
    event = sample("consumers/deliver_webhooks")
    event["Records"].append(event["Records"][0] | {"messageId": "spoilt", "body": "{"})
    answer = {"batchItemFailures": [{"itemIdentifier": "spoilt"}]}
    assert invoke(place("consumers/deliver_webhooks"), event) == answer
    queue = EndpointQueueItem.get(*endpoint_queue_key(WEBHOOK))
    queue.backlog, queue.failing_since = True, None
    queue.save()
    _due()
    assert invoke(place("consumers/deliver_webhooks"), event) == answer
    queue.refresh()
    queue.failing_since, queue.failures = ids.ago(4 * retries.DAY), endpoint_queue.OPENS_AFTER
    queue.save()
    for _ in range(2):
        _due(urgent=True)
        assert invoke(place("consumers/deliver_webhooks"), event) == answer


def _due(*, urgent: bool = False) -> None:
    waiting = PendingItem.get(*pending_key(WEBHOOK, DELIVERY))
    waiting.next_attempt_at, waiting.urgent, waiting.in_flight = ids.ago(1), urgent, False
    waiting.save()


def wake() -> None:
    store_samples()
    assert invoke(place("schedules/wake_deliveries"), {"dry_run": True})["announced"] == 0
    report = invoke(place("schedules/wake_deliveries"), sample("schedules/wake_deliveries"))
    assert json.dumps(report) == '{"due": 1, "announced": 1, "finished": true}'


SCENARIOS: dict[str, Scenario] = {
    "consumers/deliver_webhooks": deliver,
    "consumers/dispatch_webhooks": dispatch,
    "schedules/wake_deliveries": wake,
    "webhooks/create": resource,
    "webhooks/delete": resource,
    "webhooks/get": resource,
    "webhooks/list": resource,
    "webhooks/list_deliveries": resource,
    "webhooks/redeliver": resource,
    "webhooks/rotate_secret": resource,
    "webhooks/send_test": resource,
    "webhooks/update": resource,
}
