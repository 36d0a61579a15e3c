"""Closes connections: those that are not initialised in time, and those whose session has ended."""

from typing import Any

from lamina import ids
from lamina.access.policy import Credential
from lamina.errors import LaminaError, Unauthenticated
from lamina.events.envelope import Event
from lamina.graphql_errors import as_graphql
from lamina.identity.tokens.callers import callers_of
from lamina.realtime import connections, protocol
from lamina.realtime.errors import CloseCode, Closing
from lamina.realtime.queues import check_later
from lamina.realtime.sockets import Sockets

CHECKED_SECONDS = 15 * 60
"""How often the API key of a connection is checked: the longest delay of a message (API_SendMessage)."""
CONNECTION = "connection"
"""Stands for an operation's id in an `error` about the connection itself, as the protocol requires an id."""


def over() -> Closing:
    """Return the error for a connection whose session has ended."""
    message = "The session has ended. Sign in again, and open another connection."
    return Closing(CloseCode.FORBIDDEN, message, error_code=Unauthenticated.code)


def close(sockets: Sockets, connection_id: str, closing: Closing, request_id: str) -> None:
    """Send the reason to a client, and close its connection."""
    error = as_graphql(LaminaError(closing.message, code=closing.error_code), request_id)
    error["extensions"]["closeCode"] = int(closing.code)
    sockets.post(connection_id, protocol.failure(closing.operation_id or CONNECTION, [error]))
    connections.end(connection_id)
    sockets.close(connection_id)


def close_over(sockets: Sockets, connection_id: str) -> None:
    """Close a connection whose session has ended."""
    close(sockets, connection_id, over(), ids.new_id())


def check(sockets: Sockets, connection_id: str) -> None:
    """Close a connection that was not initialised in time, or whose API key has expired: no event says so."""
    found = connections.find(connection_id)
    if found is None:
        return
    if not found.is_initialised or found.ref is None:
        message = "Connection initialisation timeout"
        closing = Closing(CloseCode.INIT_TIMEOUT, message, error_code="INITIALISATION_TIMEOUT")
        close(sockets, connection_id, closing, ids.new_id())
    elif not callers_of([found.ref]):
        close_over(sockets, connection_id)
    elif found.ref.credential == Credential.API_KEY:
        check_later(connection_id, CHECKED_SECONDS)


def close_ended(sockets: Sockets, event: Event) -> None:
    """Close those connections of an event's subject, a user, whose session, key or client is not valid any more."""
    found = connections.of_user(event["subject"])
    valid = callers_of({each.ref for each in found if each.ref})
    for connection in found:
        if connection.ref not in valid:
            close(sockets, connection.id, over(), event["correlation_id"])


def work(sockets: Sockets, message: dict[str, Any]) -> None:
    """Do what a message of the queue is for: an event, or a connection to be checked."""
    if "detail" in message:
        close_ended(sockets, message["detail"])
    else:
        check(sockets, message["connection_id"])
