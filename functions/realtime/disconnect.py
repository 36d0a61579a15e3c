"""$disconnect of the WebSocket API: forget a connection that has ended, with its subscriptions."""

from collections.abc import Mapping
from typing import Any

from lamina.observability.tracing import traced
from lamina.realtime.connections import end


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, int]:
    """Delete the connection."""
    end(event["requestContext"]["connectionId"])
    return {"statusCode": 200}
