"""A WebSocket API sees the address of the client.

MiniStack passes on the address of its own peer, which is the front's. API Gateway's is the client's
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html),
which the front has in `X-Forwarded-For`: MiniStack itself reads it there for REST APIs.
"""

from typing import Any

from ministack.services import apigateway

FORWARDED = b"x-forwarded-for"


def apply() -> None:
    """Set `requestContext.identity.sourceIp` to the address that the front passes on."""
    handle = apigateway.handle_websocket

    async def handle_of_client(scope: dict[str, Any], *positional: Any, **named: Any) -> None:
        forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == FORWARDED]
        if forwarded:
            scope = {**scope, "client": (forwarded[-1].rpartition(",")[2].strip(), 0)}
        await handle(scope, *positional, **named)

    apigateway.handle_websocket = handle_of_client
