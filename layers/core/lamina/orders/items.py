"""Table items of orders: the head, and the history of events."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina.orders import codec
from lamina.orders.events import Event
from lamina.orders.model import Order
from lamina.storage.item import Item
from lamina.storage.keys import SHARDS, key, list_partition, list_position, shard_of, value_of

LIST, UNSETTLED, SETTLED = "ORDERS", "unsettled", "settled"
HISTORY = "HISTORY"
SNAPSHOT_EVERY = 50
"""Every event whose number is a multiple carries the order after it."""


class OrderItem(Item, discriminator="order"):
    """The head of an order: `ORDER#<id>` / `ORDER`. Its `version` is the number of events, and decides who appends."""

    customer_id = UnicodeAttribute()
    status = UnicodeAttribute()
    """It is in one of two lists (`gsi1`) by its last event: of those that are settled, or of the others."""


class HistoryItem(Item, discriminator="order_event"):
    """An event of an order: `ORDER#<id>` / `HISTORY#<number>`. It is never changed; its number has six digits.

    Events of the outbox are in the same partition, but they expire, and they are for others.
    """

    event_type = UnicodeAttribute()
    event_version = NumberAttribute()
    data = JSONAttribute()
    snapshot = JSONAttribute(null=True)
    snapshot_version = NumberAttribute(null=True)


def order_key(order_id: str) -> tuple[str, str]:
    """Return the key of the head of an order."""
    return key("ORDER", order_id), "ORDER"


def unsettled_partitions() -> list[str]:
    """Return the partitions, in `gsi1`, of the orders that are not settled, by their last event."""
    return [list_partition(LIST, UNSETTLED, shard=shard) for shard in range(SHARDS)]


def settled_partitions() -> list[str]:
    """Return the partitions, in `gsi1`, of the orders that are settled, by their last event."""
    return [list_partition(LIST, SETTLED, shard=shard) for shard in range(SHARDS)]


def history_key(order_id: str, number: int) -> tuple[str, str]:
    """Return the key of an event of an order, from 1."""
    return key("ORDER", order_id), key(HISTORY, f"{number:06}")


def order_item(order: Order) -> OrderItem:
    """Return the head of an order, to be saved conditional on the version before."""
    item = OrderItem(
        *order_key(order.id),
        customer_id=order.customer_id,
        status=order.status,
        created_at=order.created_at,
        updated_at=order.updated_at,
        created_by=order.customer_id,
    ).over(order.version - 1)
    item.gsi1pk = list_partition(LIST, SETTLED if order.is_settled else UNSETTLED, shard=shard_of(order.id))
    item.gsisk = list_position(order.updated_at, order.id)
    return item


def history_item(order: Order, event: Event, actor: str | None) -> HistoryItem:
    """Return the item of an event, to be saved if there is none with its number.

    Args:
        order: the order after the event.
        event: the event.
        actor: id of the user who caused it.
    """
    name, version, data = codec.encode(event)
    item = HistoryItem(
        *history_key(order.id, order.version),
        event_type=name,
        event_version=version,
        data=data,
        created_at=event.at,
        created_by=actor,
    )
    if order.version % SNAPSHOT_EVERY == 0:
        item.snapshot, item.snapshot_version = codec.encode_order(order), codec.ORDER_VERSION
    return item


def to_event(item: HistoryItem) -> Event:
    """Return the event of an item."""
    return codec.decode(item.event_type, int(item.event_version), item.data, item.created_at)


def to_snapshot(item: HistoryItem) -> Order | None:
    """Return the order after the event of an item, if the item carries it in the present form."""
    if item.snapshot is None or int(item.snapshot_version) != codec.ORDER_VERSION:
        return None
    return codec.decode_order(item.snapshot)


def number_of(item: HistoryItem) -> int:
    """Return the number of the event of an item."""
    return int(value_of(item.sk))
