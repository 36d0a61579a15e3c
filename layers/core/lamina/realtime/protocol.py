"""The messages of `graphql-transport-ws`, without I/O.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lamina.errors import Invalid, LaminaError
from lamina.realtime.errors import CloseCode, Closing

SUBPROTOCOL = "graphql-transport-ws"
MAX_MESSAGE_BYTES = 32 * 1024
"""Size of a message from a client: a frame of API Gateway (Amazon API Gateway quotas, "WebSocket API quotas")."""
MAX_ANSWER_BYTES = 128 * 1024
"""Size of a message to a client, which API Gateway sends in several frames."""
MAX_ID_LENGTH = 128
CREDENTIALS = ("authorization", "x-api-key")
"""Headers of the handshake, and members of the payload of `connection_init`, that carry a credential; in any case."""
NEXT = '{"type":"next"'
"""How a message begins that does not end its operation."""


@dataclass(frozen=True)
class Init:
    """`connection_init`."""

    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ping:
    """`ping`."""

    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Pong:
    """`pong`, which needs no answer."""


@dataclass(frozen=True)
class Subscribe:
    """`subscribe`: a query, a mutation or a subscription.

    Attributes:
        id: the operation's id, unique among the active operations of the connection.
        query: the document.
        variables: values of its variables.
        operation_name: name of its operation; None if it is not given.
    """

    id: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


@dataclass(frozen=True)
class Complete:
    """`complete`: the client wants no more messages of an operation."""

    id: str


type Message = Init | Ping | Pong | Subscribe | Complete


def read(text: str) -> Message:
    """Return a message of a client.

    Raises:
        Closing: 4400 if it is not a message of the protocol; 1009 if it is too large.
    """
    if len(text.encode(errors="replace")) > MAX_MESSAGE_BYTES:
        raise Closing(CloseCode.TOO_LARGE, f"The message exceeds {MAX_MESSAGE_BYTES:,} bytes.")
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _bad("The message is not JSON.") from None
    if not isinstance(parsed, dict):
        raise _bad("The message is not an object.")
    if not _is_text(text):
        raise _bad("The message is not UTF-8.")
    return _message(parsed)


def _message(parsed: Mapping[str, Any]) -> Message:
    match parsed.get("type"):
        case "connection_init":
            return Init(_object(parsed, "payload") or {})
        case "ping":
            return Ping(_object(parsed, "payload"))
        case "pong":
            _object(parsed, "payload")
            return Pong()
        case "subscribe":
            return _subscribe(parsed)
        case "complete":
            return Complete(_id(parsed))
        case _:
            raise _bad("The message has no type that a client may send.")


def _subscribe(parsed: Mapping[str, Any]) -> Subscribe:
    payload = _object(parsed, "payload")
    if payload is None:
        raise _bad("`payload` must be an object.")
    query, name = payload.get("query"), payload.get("operationName")
    if not isinstance(query, str):
        raise _bad("`payload.query` must be a string.")
    if name is not None and not isinstance(name, str):
        raise _bad("`payload.operationName` must be a string.")
    _object(payload, "extensions")
    return Subscribe(_id(parsed), query, _object(payload, "variables") or {}, name)


def _id(parsed: Mapping[str, Any]) -> str:
    found = parsed.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= MAX_ID_LENGTH:
        raise _bad(f"`id` must be a string of 1 to {MAX_ID_LENGTH} characters.")
    return found


def _object(parsed: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    found = parsed.get(name)
    if found is not None and not isinstance(found, dict):
        raise _bad(f"`{name}` must be an object.")
    return found


def _is_text(text: str) -> bool:
    """Return whether JSON can be stored: unpaired surrogates, also escaped ones, cannot."""
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _bad(message: str) -> Closing:
    return Closing(CloseCode.BAD_REQUEST, message)


def too_large(size: int) -> LaminaError:
    """Return the error for a message that a client cannot be sent."""
    return Invalid(f"The result has {size:,} bytes; the limit is {MAX_ANSWER_BYTES:,}.", code="LIMIT_EXCEEDED")


def ack() -> str:
    """Return `connection_ack`."""
    return _written("connection_ack")


def pong(payload: Mapping[str, Any] | None) -> str:
    """Return `pong` with the payload of the ping."""
    return _written("pong", payload=payload) if payload is not None else _written("pong")


def following(operation_id: str, result: Mapping[str, Any]) -> str:
    """Return `next` with the result of an operation."""
    return _written("next", id=operation_id, payload=result)


def failure(operation_id: str, errors: Sequence[Mapping[str, Any]]) -> str:
    """Return `error`, which ends an operation."""
    return _written("error", id=operation_id, payload=errors)


def complete(operation_id: str) -> str:
    """Return `complete`."""
    return _written("complete", id=operation_id)


def as_json(value: object) -> str:
    """Write a value as JSON, the same value always the same."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _written(kind: str, **members: object) -> str:
    return as_json({"type": kind, **members})
