"""Webhooks."""

from collections.abc import Callable
from dataclasses import dataclass

from lamina import ids
from lamina.events.catalog import SESSION_STARTED
from lamina.events.envelope import Event, envelope
from lamina.events.outbox import event
from lamina.events.request_context import RequestContext
from lamina.webhooks import endpoint_queue, pending
from lamina.webhooks import service as webhooks
from lamina.webhooks.deliveries import prepare
from lamina.webhooks.delivering import attempt
from lamina.webhooks.directory import MOST_OF_ONE
from lamina.webhooks.dispatch import dispatch
from lamina.webhooks.endpoint_queue import EndpointQueueItem, endpoint_queue_key
from lamina.webhooks.items import PendingItem, pending_key
from lamina.webhooks.service import NewWebhook
from tests.integration.access_patterns.accounts import signed_in
from tests.integration.access_patterns.pattern import Pattern, World
from tests.support.aws import Answer, Api
from tests.support.callers import acting

HOOK = NewWebhook(url="https://example.com/hook", events=["session.*"])
DELIVERIES = 30
"""More than a page."""


@dataclass(frozen=True)
class Hooked:
    """Somebody signed in, one of its webhooks, and a delivery of that."""

    owner: Api
    webhook: str
    delivery: str = ""


def _webhook(world: World) -> str:
    return webhooks.create(acting(world.somebody), HOOK, RequestContext(None, "test"))[0].id


def _hook(_: World, owner: Api) -> Answer:
    return owner.post("/v1/webhooks", {"url": HOOK.url, "events": HOOK.events})


def _told(world: World) -> Event:
    """A sign-in of somebody, as the bus brings it."""
    user = world.somebody.id
    return envelope(event(SESSION_STARTED.of({"session_id": user}), user, actor=user, correlation_id=user))


def _dispatch(_: World, event: Event) -> None:
    dispatch(event)


def _heard(world: World) -> Event:
    """The same, with a webhook that is told of it."""
    _webhook(world)
    return _told(world)


def _hooked(world: World) -> Hooked:
    """A webhook with deliveries that wait, among twenty, which is the limit."""
    chosen, *_ = [_webhook(world) for _ in range(MOST_OF_ONE)]
    *_, last = [prepare(chosen, _told(world)) for _ in range(DELIVERIES)]
    return Hooked(signed_in(world), chosen, last.id)


def _delivered(world: World) -> Hooked:
    hooked = _hooked(world)
    attempt(hooked.webhook, hooked.delivery)
    return hooked


def _full(world: World) -> Hooked:
    """A webhook whose endpoint has as many requests as it may have at a time."""
    hooked = _hooked(world)
    busy = EndpointQueueItem(*endpoint_queue_key(hooked.webhook))
    busy.place1 = busy.place2 = busy.place3 = busy.place4 = ids.ETERNITY
    busy.save()
    return hooked


def _crowded(world: World) -> Hooked:
    """A webhook for which all but one delivery wait until the endpoint has a place."""
    hooked = _hooked(world)
    partition, prefix = pending_key(hooked.webhook, "")
    for waiting in list(PendingItem.query(partition, PendingItem.sk.startswith(prefix))):
        if pending.place_of(waiting)[1] != hooked.delivery:
            pending.park(waiting, ids.ahead(3600))
    endpoint_queue.note_backlog(EndpointQueueItem(*endpoint_queue_key(hooked.webhook)), there_is=True)
    return hooked


def _of_webhook(target: str = "", method: str = "GET") -> Callable[[World, Hooked], Answer]:
    def act(_: World, hooked: Hooked) -> Answer:
        path = f"/v1/webhooks/{hooked.webhook}{target.format(delivery=hooked.delivery)}"
        return hooked.owner.post(path) if method == "POST" else hooked.owner.get(path)

    return act


def _deliver(_: World, hooked: Hooked) -> None:
    attempt(hooked.webhook, hooked.delivery)


PATTERNS = (
    Pattern("List webhooks", "GET /v1/webhooks", lambda _, hooked: hooked.owner.get("/v1/webhooks?limit=20"), _hooked),
    Pattern("Read a webhook", "GET /v1/webhooks/{id}", _of_webhook(), _hooked),
    Pattern("Create a webhook", "POST /v1/webhooks", _hook, signed_in),
    Pattern("List deliveries", "GET /v1/webhooks/{id}/deliveries", _of_webhook("/deliveries?limit=20"), _hooked),
    Pattern(
        "… filtered by status",
        "GET /v1/webhooks/{id}/deliveries",
        _of_webhook("/deliveries?limit=20&status=pending"),
        _hooked,
    ),
    Pattern(
        "Redeliver",
        "POST /v1/webhooks/{id}/deliveries/{id}/redeliver",
        _of_webhook("/deliveries/{delivery}/redeliver", "POST"),
        _delivered,
    ),
    Pattern("Dispatch an event without a subscriber", "queue → consumers/dispatch_webhooks", _dispatch, _told),
    Pattern(
        "… with one subscriber",
        "queue → consumers/dispatch_webhooks",
        _dispatch,
        _heard,
    ),
    Pattern(
        "Deliver at once",
        "queue → consumers/deliver_webhooks",
        _deliver,
        _hooked,
    ),
    Pattern(
        "… park, because the endpoint queue is full",
        "queue → consumers/deliver_webhooks",
        _deliver,
        _full,
    ),
    Pattern(
        "… and wake two parked deliveries",
        "queue → consumers/deliver_webhooks",
        _deliver,
        _crowded,
    ),
)
