"""Runs scheduled functions, with a time limit and optional dry runs."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from lamina.observability import tracing
from lamina.observability.logs import logger
from lamina.storage.iteration import HasTime

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MILLISECONDS = 20_000
"""Time that must be left of the invocation to start another step, in milliseconds."""

type Handler = Callable[[Mapping[str, Any], "LambdaContext"], dict[str, Any]]


class Work(Protocol):
    """The work of a schedule, done in steps."""

    def __call__(self, has_time: HasTime, *, dry_run: bool) -> "DataclassInstance":
        """Work while there is time, and return a report. A dry run changes nothing."""


def schedule(name: str, work: Work) -> Handler:
    """Return the Lambda handler of a schedule, which returns and logs the report.

    With the event `{"dry_run": true}` it changes nothing.

    Args:
        name: message of its log line.
        work: the work. Whatever a run has no time for is left to the next run.
    """

    def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        dry_run = event.get("dry_run", False)
        if not isinstance(dry_run, bool):
            # If a misspelt value counted as false, a run that should change nothing would change data.
            raise TypeError("dry_run must be true or false")

        def has_time() -> bool:
            return context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS

        report = asdict(work(has_time, dry_run=dry_run))
        logger.info(name, extra={"dry_run": dry_run, **report})
        return report

    return tracing.traced(handler)
