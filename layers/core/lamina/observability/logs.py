"""Structured logs: one JSON line per request, with correlation ids and without personal data."""

import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools.logging import Logger
from botocore.exceptions import ClientError

from lamina.observability import SERVICE, tracing

INNERMOST_FRAMES = 8


logger = Logger(
    service=SERVICE,
    utc=True,
    use_rfc3339=True,
    # Messages are text. Powertools would try to parse each one as JSON.
    json_deserializer=str,
)
"""Writes from the level on that the function is configured for (`AWS_LAMBDA_LOG_LEVEL`)."""
# Lambda's runtime also writes what reaches the root logger: each line would be written twice.
logging.getLogger(SERVICE).propagate = "AWS_LAMBDA_FUNCTION_NAME" not in os.environ


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """Add these keys to every line that this thread logs meanwhile, in whatever module; and to what is traced now."""
    tracing.annotate(**ids)
    before = logger.thread_safe_get_current_keys()
    logger.thread_safe_append_keys(**ids)
    try:
        yield
    finally:
        logger.thread_safe_clear_keys()
        logger.thread_safe_append_keys(**before)


def log_failure(error: BaseException) -> None:
    """Log an unexpected exception: its class and location, but not its text, which may contain user input."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    logger.error("unexpected failure", extra={"error": _chain(error), "frames": frames[-INNERMOST_FRAMES:]})


def log_unavailable(error: BaseException) -> None:
    """Log that a dependency does not respond: the chain of exceptions, with AWS error codes."""
    logger.warning("dependency unavailable", extra={"error": _chain(error)})


def _chain(error: BaseException) -> list[str]:
    """Return the names of an exception and its causes, outermost first."""
    chain: list[BaseException] = []
    beneath: BaseException | None = error
    # Raising an exception again while handling one that it caused creates a cycle.
    while beneath is not None and not any(beneath is above for above in chain):
        chain.append(beneath)
        beneath = beneath.__cause__ or beneath.__context__
    return [_name(link) for link in chain]


def _name(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, ClientError):
        return f"{name} {error.response.get('Error', {}).get('Code')} of {error.operation_name}"
    return name
