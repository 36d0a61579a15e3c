"""The runtime of the stand-in image: asks Lambda's runtime API for events and has the handler answer them.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import importlib
import json
import os
import sys
import time
import traceback
from http.client import HTTPConnection
from typing import Any

INVOCATION = "/2018-06-01/runtime/invocation"


class Context:
    """What a handler gets as its context."""

    identity = None
    client_context = None

    def __init__(self, headers: Any) -> None:
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the invocation is ended."""
        return max(0, self._deadline - int(time.time() * 1000))


def main() -> None:
    """Serve invocations until the container is stopped."""
    api = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.path[:] = ["/var/task", "/opt/python", *(path for path in sys.path if path != "/var/runtime")]
    module, name = os.environ["_HANDLER"].rsplit(".", 1)
    handler = getattr(importlib.import_module(module), name)
    while True:
        api.request("GET", f"{INVOCATION}/next")
        invocation = api.getresponse()
        event = json.loads(invocation.read())
        context = Context(invocation.headers)
        try:
            kind, answer = "response", json.dumps(handler(event, context))
        except Exception as error:  # noqa: BLE001  Lambda reports whatever a handler raises, and serves on
            traceback.print_exc()
            kind, answer = "error", json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)})
        api.request("POST", f"{INVOCATION}/{context.aws_request_id}/{kind}", answer)
        api.getresponse().read()


if __name__ == "__main__":
    main()
