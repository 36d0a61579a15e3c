"""The handshake of a connection: its sub-protocol, its rate, and its credential if it has one."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from lamina.identity.tokens import authentication
from lamina.identity.tokens.callers import ref_of
from lamina.limits.quota import RateLimited
from lamina.realtime import connections
from lamina.realtime.protocol import CREDENTIALS, SUBPROTOCOL
from lamina.realtime.queues import check_later

HEADER = "sec-websocket-protocol"


def accept(event: Mapping[str, Any]) -> dict[str, Any]:
    """Store a connection and return the response to its handshake.

    Args:
        event: event of the route `$connect` (API Gateway developer guide, "WebSocket API `$connect`").
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if SUBPROTOCOL not in [each.strip() for each in headers.get(HEADER, "").split(",")]:
        return {"statusCode": HTTPStatus.BAD_REQUEST}
    context = event["requestContext"]
    address = context["identity"]["sourceIp"]
    sent = {name: headers[name] for name in CREDENTIALS if name in headers}
    # Not a safe method, so that no cached result is used.
    found = authentication.authenticate("POST", sent, address)
    problem = found.get("problem")
    if problem == RateLimited.code:
        return {"statusCode": HTTPStatus.TOO_MANY_REQUESTS}
    if problem and sent:
        return {"statusCode": HTTPStatus.UNAUTHORIZED}
    connections.open_connection(context["connectionId"], address, ref_of(found) if "user_id" in found else None)
    check_later(context["connectionId"])
    return {"statusCode": HTTPStatus.OK, "headers": {"Sec-WebSocket-Protocol": SUBPROTOCOL}}
