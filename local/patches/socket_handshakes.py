"""The response of `$connect` decides the handshake: its status refuses it, and its header selects the sub-protocol.

MiniStack drops the header `Sec-WebSocket-Protocol`, without which clients that asked for a sub-protocol close the
connection, and refuses every handshake with 403 and no body. API Gateway returns the header to the client
(https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-connect-route-subprotocol.html), and the status
of the response; 502 if the function failed.
"""

from contextvars import ContextVar
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import apigateway

PROTOCOL = "sec-websocket-protocol"
REDIRECTION = 300

type Message = dict[str, Any]

_response: ContextVar[dict[str, Any] | None] = ContextVar("response of $connect", default=None)


def apply() -> None:
    """Remember what `$connect` returned, and complete the messages that end a handshake."""
    invoke, handle = apigateway._invoke_ws_lambda, apigateway.handle_websocket

    async def invoke_and_remember(*positional: Any, **named: Any) -> Any:
        response = await invoke(*positional, **named)
        if "CONNECT" in positional:
            _response.set(response)
        return response

    async def handle_with_response(scope: dict[str, Any], receive: Any, send: Any, *more: Any, **named: Any) -> None:
        _response.set(None)

        async def send_completed(message: Message) -> None:
            response = _response.get() or {}
            if message["type"] == "websocket.accept":
                message = {**message, **_selected(response, scope["subprotocols"])}
            elif message["type"] == "websocket.close" and int(response.get("statusCode", 200)) >= REDIRECTION:
                _response.set(None)
                await apigateway._refuse_ws_handshake(scope, send, *_refusal(response), new_uuid()[:16], new_uuid())
                return
            await send(message)

        await handle(scope, receive, send_completed, *more, **named)

    apigateway._invoke_ws_lambda = invoke_and_remember
    apigateway.handle_websocket = handle_with_response


def _selected(response: dict[str, Any], offered: list[str]) -> dict[str, str]:
    """Return the sub-protocol that the response selects, if the client offers it."""
    headers = {name.lower(): value for name, value in (response.get("headers") or {}).items()}
    return {"subprotocol": headers[PROTOCOL]} if headers.get(PROTOCOL) in offered else {}


def _refusal(response: dict[str, Any]) -> tuple[int, str]:
    status = int(response["statusCode"])
    failed = status == 500 and "headers" not in response  # noqa: PLR2004  what MiniStack makes of an exception
    return (502, "Internal server error") if failed else (status, "Forbidden")
