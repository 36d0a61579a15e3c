"""How a function runs that time fires: as long as it may, and dry when it is told to."""

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
"""What must be left of the invocation for another step, and for what comes after the last."""

type Handler = Callable[[Mapping[str, Any], "LambdaContext"], dict[str, Any]]


class Work(Protocol):
    """What a schedule does, in steps, and reports."""

    def __call__(self, has_time: HasTime, *, dry_run: bool) -> "DataclassInstance":
        """Work while there is time; a dry run only reports."""


def schedule(name: str, work: Work) -> Handler:
    """Make the Lambda handler of a schedule.

    Its event may be `{"dry_run": true}`: then it changes nothing. It answers and logs the report.

    Args:
        name: of the work, for its log line.
        work: does it. What a run has no time for is left to the next.
    """

    def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        dry_run = event.get("dry_run", False)
        if not isinstance(dry_run, bool):
            # Taken for false, a misspelt wish to change nothing would change things.
            raise TypeError("dry_run must be true or false")

        def has_time() -> bool:
            return context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS

        report = asdict(work(has_time, dry_run=dry_run))
        logger.info(name, extra={"dry_run": dry_run, **report})
        return report

    return tracing.traced(handler)
