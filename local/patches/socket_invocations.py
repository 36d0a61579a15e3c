"""Functions of a WebSocket API run like all others: side by side, and with a log.

MiniStack has one process per function handle one message after the other, of all connections, and drops what it logs.
Lambda starts a process for each message that finds none idle. Here only a few run at a time: a thousand clients that
connect again at once would otherwise start hundreds of processes on a laptop's two processors.
"""

import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

AT_A_TIME = 6

_slots = threading.BoundedSemaphore(AT_A_TIME)


class Invoker:
    """What MiniStack takes for a function's process: invokes the function as the REST API does."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    def invoke(self, event: dict[str, Any], _request_id: str) -> dict[str, Any]:
        """Run the function, and return its result in the form of a process."""
        config = self._config
        account, region = lambda_runtime._account_region_from_function_config(config)
        function = lambda_svc._functions.get_scoped(account, region, config["FunctionName"])
        record = lambda_svc._execution_record_for_config(function, config)
        with _slots:
            result = lambda_svc._execute_function_with_config_scope(record, event)
        if result.get("error") or result.get("throttle"):
            return {"status": "error", "error": str(result.get("body", ""))}
        return {"status": "ok", "result": result.get("body") or {}}


def apply() -> None:
    """Replace the one process of a function; MiniStack asks for it for WebSocket APIs alone."""
    lambda_runtime.get_or_create_worker = lambda _name, config, _code, **_more: Invoker(config)
