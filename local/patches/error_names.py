"""A function's failure has the name of its exception, so that state machines can retry and catch it by name.

MiniStack reports each exception of a handler as `Runtime.HandlerError`. Lambda reports the name of its class as
`errorType`, and Step Functions compares that with `ErrorEquals`
(https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
"""

import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

UNNAMED = "Runtime.HandlerError"

_this_thread = threading.local()


def apply() -> None:
    """Keep the name that `bootstrap.py` reports, and put it into the response."""
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def noting(worker: Any, *positional: Any, **named: Any) -> dict[str, Any]:
        result: dict[str, Any] = invoke(worker, *positional, **named)
        _this_thread.name = result.get("type")
        return result

    def named(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        _this_thread.name = None
        result: dict[str, Any] = execute(func, event, request_id)
        body: dict[str, Any] = result.get("body") or {}
        if result.get("error") and _this_thread.name and body.get("errorType") == UNNAMED:
            body["errorType"] = _this_thread.name
        return result

    lambda_runtime.Worker.invoke = noting
    lambda_svc._execute_function_warm = named
