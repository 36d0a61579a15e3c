"""The local AWS ends although WebSockets are open.

MiniStack waits without end for its clients to close them. `end_all` closes them, and invokes no function any more: it
is as if the machine were switched off.
"""

import asyncio
from typing import Any

from ministack.services import apigateway

_ending = asyncio.Event()


def apply() -> None:
    """Invoke no function for a connection that ends because everything ends."""
    invoke = apigateway._invoke_ws_lambda

    async def invoke_unless_ending(*positional: Any, **named: Any) -> Any:
        if "DISCONNECT" in positional and _ending.is_set():
            return None
        return await invoke(*positional, **named)

    apigateway._invoke_ws_lambda = invoke_unless_ending


def end_all() -> None:
    """Close every connection; call it in the event loop."""
    _ending.set()
    for connection in list(apigateway._ws_connections.values()):
        connection["close_event"].set()
        connection["outbox"].put_nowait(None)
