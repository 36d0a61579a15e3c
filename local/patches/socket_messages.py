"""A WebSocket API takes text messages of up to 128 KB, in frames of up to 32 KB, in both directions.

MiniStack takes 16 MB in one frame, and binary messages as text. API Gateway closes the connection: 1009 if a frame or a
message is too large (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html),
1003 for a binary one (https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html).
It refuses to send more with 413
(https://docs.aws.amazon.com/apigatewaymanagementapi/latest/api/API_PostToConnection.html).
"""

import json
from typing import Any

from hypercorn.protocol import ws_stream
from ministack.services import apigateway
from wsproto.events import TextMessage

FRAME_BYTES = 32 * 1024
MESSAGE_BYTES = 128 * 1024
UNSUPPORTED = 1003

type Message = dict[str, Any]


def apply() -> None:
    """Limit what clients send and what functions post."""
    _limit_sizes()
    _refuse_binary()
    _limit_posts()


def _limit_sizes() -> None:
    extend = ws_stream.WebsocketBuffer.extend

    def extend_within_limits(buffer: Any, event: Any) -> None:
        size = len(event.data.encode()) if isinstance(event, TextMessage) else len(event.data)
        buffer.frame_bytes = getattr(buffer, "frame_bytes", 0) + size
        buffer.message_bytes = getattr(buffer, "message_bytes", 0) + size
        if buffer.frame_bytes > FRAME_BYTES or buffer.message_bytes > MESSAGE_BYTES:
            raise ws_stream.FrameTooLargeError
        extend(buffer, event)
        if event.frame_finished:
            buffer.frame_bytes = 0
        if event.message_finished:
            buffer.message_bytes = 0

    ws_stream.WebsocketBuffer.extend = extend_within_limits  # type: ignore[method-assign, assignment]


def _refuse_binary() -> None:
    handle = apigateway.handle_websocket

    async def handle_text(scope: Message, receive: Any, send: Any, *more: Any, **named: Any) -> None:
        async def receive_text() -> Message:
            message: Message = await receive()
            if message.get("bytes") is None:
                return message
            await send({"type": "websocket.close", "code": UNSUPPORTED})
            return {"type": "websocket.disconnect", "code": UNSUPPORTED}

        await handle(scope, receive_text, send, *more, **named)

    apigateway.handle_websocket = handle_text


def _limit_posts() -> None:
    serve = apigateway.handle_connections_api

    async def serve_within_limits(
        method: str, api: str, stage: str, connection: str, body: bytes, headers: Message
    ) -> Any:
        if method == "POST" and len(body) > MESSAGE_BYTES:
            kind = {"Content-Type": "application/json", "x-amzn-ErrorType": "PayloadTooLargeException"}
            return 413, kind, json.dumps({"message": "Payload Too Large"}).encode()
        return await serve(method, api, stage, connection, body, headers)

    apigateway.handle_connections_api = serve_within_limits
