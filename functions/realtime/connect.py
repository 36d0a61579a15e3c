"""$connect: accept a WebSocket that asks for the sub-protocol `graphql-transport-ws`."""

from typing import Any

PROTOCOL = "graphql-transport-ws"


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Select the sub-protocol, or refuse a client that does not offer it."""
    headers = {name.lower(): value for name, value in event["headers"].items()}
    offered = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
    if PROTOCOL not in offered:
        return {"statusCode": 400}
    return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": PROTOCOL}}
