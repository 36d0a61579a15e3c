"""Commands of the supervisor to the local AWS, under a path that no AWS API uses."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import eventbridge

from local import aws_faults
from local.patches import layers, request_headers, saving

PREFIX = "/_lamina/"
EVENTS = 100
"""Number of newest events of the bus that are returned."""

type Scope = dict[str, Any]
type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def with_control(application: Application) -> Application:
    """Return the application with `/_lamina/…` added, and with each request's header lines stored."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await _answer(scope, receive, send)
            return
        with request_headers.remembered(scope.get("headers", [])):
            await application(scope, receive, send)

    return serve


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Execute a command.

    POST `save` saves now; POST `layers` `{"layer": name, "folder": path}` replaces the content of all versions; GET
    `events` returns the events of all buses, oldest first; GET `faults` returns the switches of faults, and POST sets
    them.
    """
    command = scope["path"].removeprefix(PREFIX)
    body = await body_of(receive)
    status, answer = 200, b""
    if command == "save":
        await saving.save_now()
    elif command == "layers":
        order = json.loads(body)
        layers.replace_layer(order["layer"], order["folder"])
    elif command == "events":
        answer = json.dumps(_events()).encode()
    elif command == "faults":
        answer = _faults(body)
    else:
        status = 404
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def _faults(body: bytes) -> bytes:
    """Set the switches of `aws_faults.py`, if some are given, and return all."""
    try:
        return json.dumps(aws_faults.set_faults(json.loads(body)) if body else aws_faults.faults).encode()
    except ValueError as error:
        return json.dumps({"error": str(error)}).encode()


def _events() -> list[dict[str, Any]]:
    """Return the newest events of the buses of all accounts."""
    kept = eventbridge._events_log.to_dict().values()  # noqa: SLF001  MiniStack tells nobody of it
    return sorted((entry for entries in kept for entry in entries[-EVENTS:]), key=lambda entry: entry["Time"])[-EVENTS:]


async def body_of(receive: Receive) -> bytes:
    """Return the whole body of a request."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
