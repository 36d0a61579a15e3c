"""The format of events on the bus and in queues."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypedDict

from pydantic import Field

from lamina.events.outbox import OutboxItem
from lamina.ids import Id, Instant

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

type Event = Mapping[str, Any]
"""The envelope of an event as a consumer receives it, which may be of a later version than this code knows."""
type Handler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any]]
"""The Lambda handler of a queue."""


class Envelope(TypedDict):
    """An event on the bus. Its type and version define `data` and the subject."""

    id: Annotated[Id, Field(description="Id of the event; the same in each delivery.")]
    type: str
    version: int
    occurred_at: Annotated[Instant, Field(description="When the change was made.")]
    correlation_id: Annotated[str, Field(description="Correlation id of the request or message that caused it.")]
    actor: Annotated[
        str | None, Field(description="Id of the user who caused it; null for the system and for anonymous callers.")
    ]
    subject: Annotated[str, Field(description="Id of the subject; events of one subject are published in order.")]
    data: dict[str, Any]
    trace: NotRequired[Annotated[str, Field(description="Trace header of what brought it about (AWS X-Ray).")]]


def envelope(event: OutboxItem, trace: str | None = None) -> Envelope:
    """Write an event of the outbox as the bus carries it.

    Args:
        event: the event.
        trace: the trace header that consumers are to be given.
    """
    written: Envelope = {
        "id": event.event_id,
        "type": event.event_type,
        "version": int(event.event_version),
        "occurred_at": event.created_at,
        "correlation_id": event.correlation_id,
        "actor": event.actor,
        "subject": event.subject,
        "data": event.data,
    }
    if trace:
        written["trace"] = trace
    return written
