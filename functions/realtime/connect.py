"""$connect of the WebSocket API: accept a connection of the sub-protocol, and authenticate its header if it has one."""

from collections.abc import Mapping
from typing import Any

from lamina.observability.tracing import traced
from lamina.realtime.handshake import accept


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Return the sub-protocol, or refuse the handshake: 400, 401 with a bad credential, 429 beyond the rate limit."""
    return accept(event)
