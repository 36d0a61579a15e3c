"""Sends a delivery: one request, at most once each time it is due, and handles the result."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from lamina import ids
from lamina.errors import NotFound
from lamina.observability import tracing
from lamina.observability.logs import logger
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import value_of
from lamina.storage.transactions import ConditionFailed
from lamina.users import service as users
from lamina.users.model import User
from lamina.webhooks import endpoint_queue, pending, retries, secret_keeping, service, signing
from lamina.webhooks.egress import NoAnswer, post
from lamina.webhooks.endpoint_queue import EndpointQueueItem, QueueFull, endpoint_queue_key
from lamina.webhooks.items import (
    DeliveryItem,
    PendingItem,
    WebhookItem,
    delivery_key,
    log_attempt,
    pending_key,
    set_status,
    to_webhook,
    webhook_key,
)
from lamina.webhooks.model import Attempt, DeliveryStatus, DisabledReason
from lamina.webhooks.queue import LONGEST_DELAY_SECONDS, enqueue
from lamina.webhooks.subscriptions import refusal
from lamina.webhooks.targets import Refused

ATTEMPTS_KEPT = 20
"""Maximum number of attempts in the log of a delivery, which is a single item of the table."""
WOKEN_BY_ONE = 2
"""Parked deliveries woken after each completed one: slots are filled, and a recovered endpoint is not flooded."""
SUCCESSES = range(200, 300)
BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
"""Statuses with which an endpoint may send `Retry-After`."""


@dataclass
class _Work:
    """Everything that an attempt needs to know, as currently stored."""

    pending: PendingItem
    delivery: DeliveryItem
    queue: EndpointQueueItem
    webhook: WebhookItem | None


def attempt(webhook_id: str, delivery_id: str) -> None:
    """Attempt a delivery, if it is due and nobody else is attempting it; after a failure it is retried later."""
    work = _find(webhook_id, delivery_id)
    if work is not None:
        with tracing.segment(work.pending.trace):
            tracing.annotate(webhook_id=webhook_id, delivery_id=delivery_id, event_type=work.delivery.event_type)
            _attempt(work)


def _attempt(work: _Work) -> None:
    reason = refusal(to_webhook(work.webhook) if work.webhook else None, _owner(work.webhook))
    if work.webhook is None or reason is not None:
        _settle(work, Attempt(at=ids.now(), status=None, milliseconds=0, error=reason, answer=""), final=True)
        return
    # Before the delivery is claimed: if KMS is down, no attempt is used up.
    secrets = secret_keeping.signing_secrets(work.webhook)
    slot = endpoint_queue.acquire(work.queue, urgent=bool(work.pending.urgent))
    if isinstance(slot, QueueFull):
        _park(work, slot.until)
        return
    attempt: Attempt | None = None
    try:
        if pending.claim(work.pending):
            attempt, retry_after = _send(work.webhook, work.delivery, secrets)
            _settle(work, attempt, retry_after, final=_is_last(work))
    finally:
        endpoint_queue.release(work.queue, slot, succeeded=attempt.succeeded if attempt else None)
    _follow_up(work.webhook, work.queue, attempt)


def _find(webhook_id: str, delivery_id: str) -> _Work | None:
    """Return everything about a delivery in one consistent call; None if it is not due."""
    keys = [
        pending_key(webhook_id, delivery_id),
        delivery_key(webhook_id, delivery_id),
        endpoint_queue_key(webhook_id),
        webhook_key(webhook_id),
    ]
    found = {type(item): item for item in Item.batch_get(keys, consistent_read=True)}
    waiting, delivery = found.get(PendingItem), found.get(DeliveryItem)
    queue, webhook = (
        found.get(EndpointQueueItem, EndpointQueueItem(*endpoint_queue_key(webhook_id))),
        found.get(WebhookItem),
    )
    assert isinstance(queue, EndpointQueueItem)  # noqa: S101 (by its key)
    if not isinstance(waiting, PendingItem) or not isinstance(delivery, DeliveryItem) or not pending.is_due(waiting):
        return None
    return _Work(waiting, delivery, queue, webhook if isinstance(webhook, WebhookItem) else None)


def _owner(webhook: WebhookItem | None) -> User | None:
    try:
        return users.get(webhook.owner_id) if webhook else None
    except NotFound:
        return None


def _park(work: _Work, until: str) -> None:
    """Park a delivery until another one of its endpoint completes; the oldest is retried when a slot may be free."""
    pending.park(work.pending, max(until, ids.ahead(retries.parked())) if work.queue.backlog else until)
    endpoint_queue.note_backlog(work.queue, there_is=True)
    # All others may have completed just before they could see the parked delivery.
    if endpoint_queue.has_room(work.queue):
        pending.wake(value_of(work.queue.pk), 1)


def _send(webhook: WebhookItem, delivery: DeliveryItem, secrets: Sequence[str]) -> tuple[Attempt, float]:
    """Send the request; return the result, and for how many seconds the endpoint asks to wait."""
    body = delivery.payload.encode()
    at, started = ids.now(), time.perf_counter()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Lamina-Webhooks/1",
        **signing.headers(delivery.event_id, int(time.time()), body, secrets),
    }
    status, error, answer, retry_after = None, None, b"", 0.0
    try:
        given = post(webhook.url, body, headers)
        status, answer = given.status, given.body
        error = None if status in SUCCESSES else f"the response status was {status}"
        retry_after = retries.asked_by(given.retry_after) if status in BUSY else 0
    except (NoAnswer, Refused) as failure:
        error = str(failure)
    milliseconds = round((time.perf_counter() - started) * 1000)
    text = answer.decode(errors="replace").replace("\x00", "\ufffd")
    return Attempt(at=at, status=status, milliseconds=milliseconds, error=error, answer=text), retry_after


def _is_last(work: _Work) -> bool:
    age = time.time() - ids.epoch_of(work.delivery.created_at)
    return retries.delay(int(work.pending.tries)) is None or age > retries.GIVEN_UP_SECONDS


def _settle(work: _Work, attempt: Attempt, retry_after: float = 0, *, final: bool) -> None:
    """Record the result of an attempt, and when the next one is due."""
    delivery, waiting = work.delivery, work.pending
    log_attempt(delivery, attempt, ATTEMPTS_KEPT)
    wait = None if attempt.succeeded or final else retries.delay(int(waiting.tries), retry_after)
    soon = wait is not None and wait <= LONGEST_DELAY_SECONDS
    if wait is None:
        set_status(delivery, DeliveryStatus.SUCCEEDED if attempt.succeeded else DeliveryStatus.FAILED, None)
    else:
        until = ids.ahead(wait)
        pending.put_off(waiting, until, wakes_at=ids.ahead(wait + pending.LOST_AFTER_SECONDS) if soon else until)
        set_status(delivery, DeliveryStatus.PENDING, until)
    facts = {"webhook_id": pending.place_of(waiting)[0], "delivery_id": pending.place_of(waiting)[1]}
    try:
        transactions.write(
            put=[delivery] if wait is None else [delivery, waiting], delete=[waiting] if wait is None else []
        )
    except ConditionFailed:
        # The attempt took so long that it was assigned to another process, whose result counts.
        logger.warning("delivery settled by another process", extra=facts)
        return
    logger.info("delivery attempted", extra={**facts, "status": attempt.status, "milliseconds": attempt.milliseconds})
    if wait is not None and soon:
        enqueue([pending.place_of(waiting)], wait)


def _follow_up(webhook: WebhookItem, queue: EndpointQueueItem, attempt: Attempt | None) -> None:
    """Act on the new state of the endpoint: disable its webhook, or continue with what is waiting for it."""
    webhook_id = value_of(queue.pk)
    if reason := _reason_to_give_up(queue, attempt):
        service.give_up(to_webhook(webhook), reason)
    elif queue.backlog and endpoint_queue.is_open(queue):
        pending.wake(webhook_id, 1, after=endpoint_queue.seconds_to_probe(queue))
    elif queue.backlog and not pending.wake(webhook_id, WOKEN_BY_ONE):
        endpoint_queue.note_backlog(queue, there_is=False)


def _reason_to_give_up(queue: EndpointQueueItem, attempt: Attempt | None) -> DisabledReason | None:
    if attempt is None or attempt.succeeded:
        return None
    if attempt.status == HTTPStatus.GONE:
        return DisabledReason.GONE
    return DisabledReason.FAILING if endpoint_queue.has_failed_for_days(queue) else None
