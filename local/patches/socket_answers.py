"""A client of a WebSocket API receives what is posted to its connection, and not what functions return.

MiniStack sends the body that a function returns for a message, and the text of an exception. API Gateway sends neither
without a route response
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html), and of a
failure `{"message": "Internal server error", "connectionId": …, "requestId": …}`.
"""

import json
from typing import Any

from ministack.services import apigateway

FAILED = 500


def apply() -> None:
    """Replace what the function of a message returned."""
    invoke = apigateway._invoke_ws_lambda

    async def invoke_silently(*positional: Any, **named: Any) -> Any:
        response = await invoke(*positional, **named)
        if "MESSAGE" not in positional or response is None:
            return response
        if response.get("statusCode") != FAILED:
            return {**response, "body": ""}
        _api, _account, _region, _route, _stage, connection_id, _event, request_id, *_ = positional
        failure = {"message": "Internal server error", "connectionId": connection_id, "requestId": request_id}
        return {**response, "body": json.dumps(failure)}

    apigateway._invoke_ws_lambda = invoke_silently
