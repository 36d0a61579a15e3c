"""What holds of webhooks when many try the same at the same time, on every engine."""

import time
from collections import Counter
from functools import partial
from threading import Lock

import pytest

from lamina import ids
from lamina.errors import LaminaError
from lamina.events.request_context import RequestContext
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.service import NewUser
from lamina.webhooks import delivering, endpoint_queue, queue, secret_keeping, service
from lamina.webhooks.deliveries import list_deliveries, redeliver
from lamina.webhooks.delivering import attempt
from lamina.webhooks.dispatch import dispatch
from lamina.webhooks.egress import EndpointResponse
from lamina.webhooks.endpoint_queue import EndpointQueueItem, Slot, endpoint_queue_key
from lamina.webhooks.items import WebhookItem, webhook_key
from lamina.webhooks.model import Delivery, DeliveryStatus, Webhook
from lamina.webhooks.service import NewWebhook
from tests.integration.crowd import CROWD, at_once
from tests.support.callers import acting

pytestmark = pytest.mark.usefixtures("table")

CONTEXT = RequestContext(None, "test")


class Endpoint:
    """Counts what it is sent, and how much of it at the same time."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.most_at_once = 0
        self._now = 0
        self._lock = Lock()

    def post(self, _url: str, _body: bytes, headers: dict[str, str]) -> EndpointResponse:
        with self._lock:
            self.sent[headers["webhook-id"]] += 1
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1
        return EndpointResponse(204, b"")


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    made = Endpoint()
    monkeypatch.setattr(delivering, "post", made.post)
    monkeypatch.setattr(queue._sqs, "send_message", lambda **_: None)
    return made


@pytest.fixture
def ann(table: object) -> User:  # noqa: ARG001 (the table must be there)
    return users.create(NewUser(email="ann@example.com", username="ann", name="Ann"), CONTEXT)


def make(owner: User, context: RequestContext = CONTEXT) -> Webhook:
    return service.create(acting(owner), NewWebhook(url="https://example.com/hook", events=["*"]), context)[0]


def event(owner: User) -> dict[str, object]:
    return {
        "id": ids.new_id(),
        "type": "user.updated",
        "version": 1,
        "occurred_at": ids.now(),
        "correlation_id": "test",
        "actor": None,
        "subject": owner.id,
        "data": {},
    }


def _attempt(waiting: list[Delivery], number: int) -> None:
    attempt(waiting[number].webhook_id, waiting[number].id)


def outcomes(results: list[object]) -> Counter[str]:
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, LaminaError):
            raise result
    return Counter(result.code if isinstance(result, LaminaError) else "done" for result in results)


def test_of_many_webhooks_made_at_once_never_more_than_twenty_come_to_be(ann: User) -> None:
    counted: Counter[str] = Counter()
    for _ in range(6):
        counted += outcomes([*at_once(lambda _: make(ann), 8)])
    page = service.list_webhooks(ann.id, 100, None)
    made = page.items
    assert len(made) == page.total == counted["done"] <= 20
    assert set(counted) <= {"done", "CONFLICT", "TOO_MANY_WEBHOOKS"}


def test_of_many_tries_of_one_request_one_webhook_comes_to_be(ann: User) -> None:
    results = at_once(lambda _: make(ann, RequestContext(ann.id, "test", "fingerprint")), 8)
    made = {result.id for result in results if isinstance(result, Webhook)}
    assert len(made) == 1
    assert set(outcomes([*results])) <= {"done", "CONFLICT"}
    assert service.list_webhooks(ann.id, 100, None).total == 1


def test_an_event_that_is_dispatched_and_sent_by_many_at_once_arrives_once(ann: User, endpoint: Endpoint) -> None:
    webhook, happened = make(ann), event(ann)
    assert set(outcomes([*at_once(lambda _: dispatch(happened))])) <= {"done", "CONFLICT"}
    (delivery,) = list_deliveries(webhook.id, None, 20, None).items
    assert set(outcomes([*at_once(lambda _: attempt(webhook.id, delivery.id))])) == {"done"}
    # Whoever found no place has left it to be tried a moment later.
    time.sleep(1.1)
    attempt(webhook.id, delivery.id)
    assert endpoint.sent == {happened["id"]: 1}
    assert list_deliveries(webhook.id, DeliveryStatus.SUCCEEDED, 20, None).items[0].id == delivery.id


def test_an_endpoint_queue_has_four_slots_under_concurrency(ann: User) -> None:
    webhook = make(ann)

    def enter(_: int) -> object:
        return endpoint_queue.acquire(EndpointQueueItem(*endpoint_queue_key(webhook.id)), urgent=False)

    results = at_once(enter)
    outcomes([*results])
    assert sum(isinstance(result, Slot) for result in results) == 4


def test_of_many_that_would_ask_a_failing_endpoint_one_does(ann: User) -> None:
    webhook = make(ann)
    queue = EndpointQueueItem(
        *endpoint_queue_key(webhook.id), failures=5, failing_since=ids.now(), next_probe_at=ids.ago(1)
    )
    queue.save()
    results = at_once(
        lambda _: endpoint_queue.acquire(EndpointQueueItem.get(*endpoint_queue_key(webhook.id)), urgent=False)
    )
    outcomes([*results])
    assert sum(isinstance(result, Slot) for result in results) == 1


def test_many_events_at_once_all_arrive_once_four_at_a_time(ann: User, endpoint: Endpoint) -> None:
    webhook = make(ann)
    happened = [event(ann) for _ in range(CROWD)]
    outcomes([*at_once(lambda number: dispatch(happened[number]))])
    waiting = list_deliveries(webhook.id, DeliveryStatus.PENDING, 100, None).items
    assert len(waiting) == CROWD
    deadline = time.monotonic() + 60
    while waiting:
        assert time.monotonic() < deadline, f"{len(waiting)} are left"
        outcomes([*at_once(partial(_attempt, waiting), len(waiting))])
        waiting = list_deliveries(webhook.id, DeliveryStatus.PENDING, 100, None).items
    assert endpoint.sent == {each["id"]: 1 for each in happened}
    assert endpoint.most_at_once <= 4


def test_a_redelivery_asked_for_by_many_at_once_is_sent_and_nothing_is_lost(ann: User, endpoint: Endpoint) -> None:
    webhook, happened = make(ann), event(ann)
    dispatch(happened)
    (delivery,) = list_deliveries(webhook.id, None, 20, None).items
    attempt(webhook.id, delivery.id)
    assert set(outcomes([*at_once(lambda _: redeliver(webhook, delivery.id), 8)])) <= {"done", "CONFLICT"}
    attempt(webhook.id, delivery.id)
    assert endpoint.sent == {happened["id"]: 2}


def test_after_concurrent_rotations_every_returned_secret_signs(ann: User) -> None:
    webhook = make(ann)
    results = at_once(lambda _: service.rotate_secret(webhook.id, CONTEXT), 4)
    assert set(outcomes([*results])) <= {"done", "CONFLICT"}
    event = {result[1] for result in results if isinstance(result, tuple)}
    signing = secret_keeping.signing_secrets(WebhookItem.get(*webhook_key(webhook.id)))
    assert event <= set(signing)
    assert len(signing) == len(event) + 1
