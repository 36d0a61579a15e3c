"""$default of the WebSocket API: answer the messages of `graphql-transport-ws`."""

from collections.abc import Mapping
from typing import Any

from lamina.observability.tracing import traced
from lamina.realtime.receiving import receive
from lamina.realtime.sockets import sockets


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, int]:
    """Answer one message over the connection itself, so that answers and events have one way."""
    context = event["requestContext"]
    receive(sockets(), context["connectionId"], event.get("body") or "", context["requestId"])
    return {"statusCode": 200}
