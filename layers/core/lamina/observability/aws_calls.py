"""Records each call that a botocore client makes: the service, the operation, retries, and how it failed."""

import time
from typing import TYPE_CHECKING, Any

import botocore

from lamina.observability import tracing

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from botocore.session import Session

STARTED = "lamina_started"
"""Keeps in botocore's context of a call when it began."""
NO_RESPONSE = 503
FAILED = 300


def observe() -> None:
    """Observe the clients of every session created from now on, if there is a daemon to send to."""
    if tracing.enabled:
        botocore.register_initializer(_register)


def _register(session: "Session") -> None:
    for event, observer in (("before-call", _begin), ("after-call", _end), ("after-call-error", _fail)):
        session.register(event, observer)  # type: ignore[arg-type]  # its arguments depend on the event


def _begin(*, model: "OperationModel", context: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 (botocore's own)
    context[STARTED] = time.time(), model


def _end(*, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 (as above)
    metadata = parsed["ResponseMetadata"]
    status = metadata["HTTPStatusCode"]
    failure = (str(parsed.get("Error", {}).get("Code", status)), status) if status >= FAILED else None
    _record(context, metadata.get("RetryAttempts", 0), failure)


def _fail(*, exception: Exception, context: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 (as above)
    _record(context, 0, (type(exception).__name__, NO_RESPONSE))


def _record(context: dict[str, Any], retries: int, failure: tuple[str, int] | None) -> None:
    started, model = context[STARTED]
    name = str(model.service_model.service_id)
    tracing.record_call(name, started, {"operation": model.name, "retries": retries}, failure)
