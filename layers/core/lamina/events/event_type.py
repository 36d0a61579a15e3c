"""Event types: name, version, subject and data.

Every function that raises events imports this module; a named tuple is created five times faster than a dataclass.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Fact(NamedTuple):
    """An event type with matching data, before subject and cause are known."""

    type: "EventType[Any]"
    data: Mapping[str, object]


class EventType[Data: Mapping[str, object]](NamedTuple):
    """One version of an event type, as declared in `lamina.events.catalog`.

    Attributes:
        name: subject and past participle (`user.created`).
        subject: type of the subject (`user`); events are stored in the subject's partition.
        data: TypedDict of the data.
        meaning: description for readers of the schemas.
        version: number of the incompatible version of the data, from 1.
    """

    name: str
    subject: str
    data: type[Data]
    meaning: str
    version: int = 1

    def of(self, data: Data) -> Fact:
        """Return a fact of this type with data; the type checker refuses data of other types."""
        return Fact(self, data)
