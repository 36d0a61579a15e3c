"""The history of an order for people: its events, each with the order that it left."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lamina.access.policy import Action, Caller
from lamina.orders import store
from lamina.orders.authorization import require_allowed
from lamina.orders.errors import OrderNotFound
from lamina.orders.events import Event, apply
from lamina.orders.model import Order

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True)
class Entry:
    """An event of an order.

    Attributes:
        event: the event.
        order: the order after it.
    """

    event: Event
    order: Order

    @property
    def name(self) -> str:
        """The name of the event: `stock_reserved`."""
        return _WORD.sub("_", type(self.event).__name__).lower()


def read(order_id: str, caller: Caller, as_of: str | None = None) -> list[Entry]:
    """Return the history of an order to a caller who may read it, the oldest event first; at least one event.

    Args:
        order_id: id of the order.
        caller: the caller.
        as_of: the last instant, in the format of `ids.now`; None for the whole history.

    Raises:
        OrderNotFound: if no order is visible to the caller, or it was placed later.
        Forbidden: if the credential does not allow it.
    """
    entries = list(_entries(store.history(order_id)))
    require_allowed(caller, Action.ORDER_READ, entries[-1].order)
    found = [entry for entry in entries if as_of is None or entry.event.at <= as_of]
    if not found:
        raise OrderNotFound("The order was placed later.")
    return found


def _entries(events: Iterable[Event]) -> Iterator[Entry]:
    order: Order | None = None
    for event in events:
        order = apply(order, event)
        yield Entry(event, order)
