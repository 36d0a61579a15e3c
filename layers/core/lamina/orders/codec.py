"""How events and orders are stored: as JSON with a type and a version, which later code still reads.

A change of an event's fields raises its version in `VERSIONS`, and adds to `UPCASTERS` a function from the data of the
version before. Stored events are never rewritten.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from lamina.orders.events import EVENTS, Event
from lamina.orders.model import Order

type Data = dict[str, Any]
type Upcaster = Callable[[Data], Data]
"""Returns the data of the next version."""

VERSIONS: dict[str, int] = {}
"""The version of each type of event that is written; 1 unless it is here."""
UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""The upcasters by the type and the version of the data that they read."""
ORDER_VERSION = 1
"""Version of stored orders. A snapshot of another version is ignored, because it can be made again from the events."""

_TYPES: Mapping[str, type[Event]] = {kind.__name__: kind for kind in EVENTS}


class UnknownEvent(Exception):
    """The stored event was written by later code: its type or its version is not known."""


def encode(event: Event) -> tuple[str, int, Data]:
    """Return the type, the version and the data of an event; its instant is stored apart."""
    name = type(event).__name__
    data: Data = _adapter(name).dump_python(event, mode="json", exclude={"at"})
    return name, VERSIONS.get(name, 1), data


def decode(name: str, version: int, data: Data, at: str) -> Event:
    """Return a stored event.

    Raises:
        UnknownEvent: if no code here can read it.
    """
    current = VERSIONS.get(name, 1)
    if name not in _TYPES or version > current:
        raise UnknownEvent(f"{name} version {version}")
    for number in range(version, current):
        data = UPCASTERS[name, number](data)
    event: Event = _adapter(name).validate_python({**data, "at": at})
    return event


def encode_order(order: Order) -> Data:
    """Return an order as JSON."""
    data: Data = _orders().dump_python(order, mode="json")
    return data


def decode_order(data: Data) -> Order:
    """Return a stored order."""
    return _orders().validate_python(data)


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_TYPES[name])


@cache
def _orders() -> TypeAdapter[Order]:
    return TypeAdapter(Order)
