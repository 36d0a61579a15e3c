"""An activity, which of them are asked for, and a page of them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Activity:
    """Something that happened to a user.

    Attributes:
        id: that of the event.
        type: of the event (`session.started`).
        occurred_at: RFC 3339 UTC.
        actor: id of the user behind it; None for the system and for anonymous callers.
        correlation_id: that of the request which caused it.
        data: what the event tells, as its type in `lamina.events.catalog` declares.
    """

    id: str
    type: str
    occurred_at: str
    actor: str | None
    correlation_id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Filter:
    """Which activities.

    Attributes:
        since: from this instant on, in the form of `ids.now`; `""` for all that are kept.
        until: before this instant; `""` for up to now.
        type: of this type, or, with `.*` at the end, of those that begin so; `""` for any.
    """

    since: str = ""
    until: str = ""
    type: str = ""

    @property
    def query(self) -> dict[str, str]:
        """What is asked as a client writes it, without what is left out."""
        requested = {"from": self.since, "to": self.until, "type": self.type}
        return {name: value for name, value in requested.items() if value}

    def takes(self, event_type: str) -> bool:
        """Tell whether activities of this type are wanted."""
        if self.type.endswith("*"):
            return event_type.startswith(self.type.removesuffix("*"))
        return self.type in ("", event_type)
