"""Sending a delivery: one request, at most once for each time that it is due, and what follows from its answer."""

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
"""In the log of a delivery, which is one item of the table."""
WOKEN_BY_ONE = 2
"""Parked deliveries that follow each one that is done: a lane fills up again, and who has recovered sees no rush."""
SUCCESSES = range(200, 300)
BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
"""With these an endpoint may say when to come again."""


@dataclass
class _Work:
    """All that a try needs to know, as the table has it now."""

    pending: PendingItem
    delivery: DeliveryItem
    queue: EndpointQueueItem
    webhook: WebhookItem | None


def attempt(webhook_id: str, delivery_id: str) -> None:
    """Try a delivery, if it is due and nobody else does; one that fails stays to be tried again."""
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
    # Before anything is claimed: where KMS is down, no try is spent.
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
    """Read everything about a delivery in one consistent call; nothing when it is not due."""
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
    """Leave a delivery to whoever is done next; the first that waits comes again when there may be a place."""
    pending.park(work.pending, max(until, ids.ahead(retries.parked())) if work.queue.backlog else until)
    endpoint_queue.note_backlog(work.queue, there_is=True)
    # Everybody may have been done just before they could know of it.
    if endpoint_queue.has_room(work.queue):
        pending.wake(value_of(work.queue.pk), 1)


def _send(webhook: WebhookItem, delivery: DeliveryItem, secrets: Sequence[str]) -> tuple[Attempt, float]:
    """Make the request; gives what came of it, and how many seconds the endpoint asks to wait."""
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
        error = None if status in SUCCESSES else f"the answer was {status}"
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
    """Write down what came of a try, and when the next one is due."""
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
        # We took so long that it was given to somebody else, whose word counts.
        logger.warning("delivery settled by another", extra=facts)
        return
    logger.info("delivery tried", extra={**facts, "status": attempt.status, "milliseconds": attempt.milliseconds})
    if wait is not None and soon:
        enqueue([pending.place_of(waiting)], wait)


def _follow_up(webhook: WebhookItem, queue: EndpointQueueItem, attempt: Attempt | None) -> None:
    """Do what the state of the endpoint now calls for: give it up, or go on with what waits for it."""
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
