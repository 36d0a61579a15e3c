"""Creates and deletes subscriptions."""

from collections.abc import Iterator

from pynamodb.expressions.condition import size

from lamina import ids
from lamina.identity.model import CredentialRef
from lamina.realtime.errors import CloseCode, Closing, ConnectionGone, TooManySubscriptions
from lamina.realtime.items import (
    SUBSCRIPTIONS,
    ConnectionItem,
    SubscriptionItem,
    connection_key,
    path_name,
    subscription_item,
    subscription_key,
    to_subscription,
    topic_partition,
)
from lamina.realtime.model import MAX_SUBSCRIPTIONS, Connection, Operation, Subscription
from lamina.storage import conditional, transactions
from lamina.storage.keys import key
from lamina.storage.transactions import ConditionFailed

PAGE = 100
"""Subscriptions per query."""


def begin(
    connection: Connection, operation_id: str, ref: CredentialRef, operation: Operation, *, topic: str, since: int
) -> None:
    """Store a subscription, together with its entry in the connection.

    Args:
        connection: the connection.
        operation_id: id of the operation.
        ref: the credential of the caller.
        operation: what to execute for each event.
        topic: what it is about.
        since: version of the subject that was read; only later ones are delivered. 0 if it is about several subjects.

    Raises:
        Closing: 4409 if the operation's id is in use.
        TooManySubscriptions: if the connection has as many as it may have.
        ConnectionGone: if the connection has ended.
    """
    subscription = Subscription(
        topic=topic,
        connection_id=connection.id,
        id=operation_id,
        ref=ref,
        operation=operation,
        created_at=ids.now(),
        since=since,
        expires_at=connection.expires_at,
    )
    entries, name = ConnectionItem.subscriptions, path_name(operation_id)
    may_have_it = (
        ConnectionItem.pk.exists()
        & ConnectionItem.is_closing.does_not_exist()
        & entries[name].does_not_exist()
        & (size(entries) < MAX_SUBSCRIPTIONS)  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    )
    item = ConnectionItem(*connection_key(connection.id))
    try:
        transactions.write(
            put=[subscription_item(subscription)], change=[(item, [entries[name].set(topic)], may_have_it)]
        )
    except ConditionFailed as refused:
        _refuse(refused, connection.id, operation_id)


def _refuse(refused: ConditionFailed, connection_id: str, operation_id: str) -> None:
    raw = refused.found.get(connection_key(connection_id), {})
    if not raw or "is_closing" in raw:
        raise ConnectionGone from None
    if path_name(operation_id) in raw["subscriptions"]["M"]:
        raise duplicate(operation_id) from None
    raise TooManySubscriptions from None


def duplicate(operation_id: str) -> Closing:
    """Return the error for an operation's id that is in use."""
    return Closing(
        CloseCode.DUPLICATE_SUBSCRIBER,
        f"Subscriber for {operation_id} already exists",
        operation_id=operation_id,
        error_code="DUPLICATE_SUBSCRIBER",
    )


def finish(connection_id: str, operation_id: str, topic: str) -> None:
    """Delete a subscription, and its entry in the connection. May be repeated."""
    item = ConnectionItem(*connection_key(connection_id))
    entry = ConnectionItem.subscriptions[path_name(operation_id)]
    SubscriptionItem(*subscription_key(topic, connection_id, operation_id)).delete(add_version_condition=False)
    conditional.update(item, [entry.remove()], ConnectionItem.pk.exists())


def is_any(topic: str) -> bool:
    """Return whether a topic has a subscription: a consistent query for one item."""
    return any(True for _ in _query(topic, limit=1))


def pages(topic: str) -> Iterator[list[Subscription]]:
    """Yield the subscriptions of a topic, a page at a time: consistent queries."""
    page: list[Subscription] = []
    for item in _query(topic):
        page.append(to_subscription(item))
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _query(topic: str, limit: int | None = None) -> Iterator[SubscriptionItem]:
    return iter(
        SubscriptionItem.query(
            topic_partition(topic),
            SubscriptionItem.sk.startswith(key(SUBSCRIPTIONS, "")),
            consistent_read=True,
            page_size=limit or PAGE,
            limit=limit,
        )
    )
