"""$default of the WebSocket API: answer the messages of `graphql-transport-ws`."""

from collections.abc import Mapping
from typing import Any

from lamina.observability.tracing import traced
from lamina.realtime.receiving import receive
from lamina.realtime.sockets import sockets


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, int]:
    """Process one message. Its answers are sent like events: over the connection, not as a response of the route."""
    context = event["requestContext"]
    receive(sockets(), context["connectionId"], event.get("body") or "", context["requestId"])
    return {"statusCode": 200}
