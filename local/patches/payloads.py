"""Events and responses of API functions are limited to 6 MB.

MiniStack hands on whatever the front lets through. Lambda takes and returns 6 MB of JSON for a synchronous invocation
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), in which a body may be much longer than it
was: a control character takes six bytes. API Gateway then returns its gateway response REQUEST_TOO_LARGE, or for an
answer 502.
"""

import json
from typing import Any

from ministack.services import apigateway_v1

LIMIT = 6 * 1024 * 1024
SMALL = 64 * 1024
"""What cannot be over the limit however it is escaped, with all that an event has beside its body."""


class _TooLarge(Exception):
    """The event is over the limit."""


def apply() -> None:
    """Limit the payload size of REST proxy integrations in both directions."""
    call, proxy = apigateway_v1._call_lambda_raw, apigateway_v1._invoke_lambda_proxy_v1

    async def bounded_call(reference: str, event: dict[str, Any], **scope: Any) -> tuple[Any, str | None]:
        if _is_over(event.get("body"), event):
            raise _TooLarge
        result, problem = await call(reference, event, **scope)
        answer = (result or {}).get("body")
        if isinstance(answer, dict) and _is_over(answer.get("body"), answer):
            result = {**result, "error": True, "body": {"errorMessage": "Response payload size exceeded 6291556 bytes"}}
        return result, problem

    async def bounded_proxy(*positional: Any, **named: Any) -> Any:
        try:
            return await proxy(*positional, **named)
        except _TooLarge:
            return apigateway_v1._gw_error("REQUEST_TOO_LARGE", "Request Too Long")

    apigateway_v1._call_lambda_raw = bounded_call
    apigateway_v1._invoke_lambda_proxy_v1 = bounded_proxy


def _is_over(body: object, whole: dict[str, Any]) -> bool:
    return len(str(body or "")) > SMALL and len(json.dumps(whole, ensure_ascii=False).encode(errors="replace")) > LIMIT
