"""Activities and the filter to select them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Activity:
    """An event that concerns a user.

    Attributes:
        id: id of the event.
        type: type of the event (`session.started`).
        occurred_at: RFC 3339 UTC.
        actor: id of the user who caused it; None for the system and for anonymous callers.
        correlation_id: correlation id of the request that caused it.
        data: data of the event, as its type in `lamina.events.catalog` declares.
    """

    id: str
    type: str
    occurred_at: str
    actor: str | None
    correlation_id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Filter:
    """A filter of activities.

    Attributes:
        since: start, inclusive, in the format of `ids.now`; `""` for the oldest.
        until: end, exclusive; `""` for now.
        type: an event type, or a prefix that ends in `.*`; `""` for any.
    """

    since: str = ""
    until: str = ""
    type: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The query parameters of the filter, without those that are not set."""
        requested = {"from": self.since, "to": self.until, "type": self.type}
        return {name: value for name, value in requested.items() if value}

    def takes(self, event_type: str) -> bool:
        """Return whether the filter includes activities of this type."""
        if self.type.endswith("*"):
            return event_type.startswith(self.type.removesuffix("*"))
        return self.type in ("", event_type)
