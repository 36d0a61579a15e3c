"""The report of one user's activities, newest first."""

from collections.abc import Iterator
from datetime import datetime
from itertools import batched

from lamina.access.policy import Action
from lamina.activities.model import Filter
from lamina.activities.reading import earliest, read
from lamina.activities.schemas import ActivityView, chosen
from lamina.errors import Invalid, NotFound, Problem
from lamina.jobs.model import Job, JobError
from lamina.jobs.running import NonRetryable
from lamina.reports.content import Order, Rows
from lamina.reports.schemas import NewReport
from lamina.users import service as users

OWN: tuple[str, ...] = ("user_id", "from", "to")
COLUMNS = tuple(ActivityView.model_fields)
ROWS = 500
"""Rows per page."""
GONE = JobError("USER_GONE", "The user was deleted before the report could be written. No action is required.")


def order(wanted: NewReport) -> Order:
    """Return the order for a report of activities.

    Raises:
        Invalid: if the user is missing, or the interval ends before it begins.
    """
    if wanted.user_id is None:
        raise Invalid(details=[Problem("user_id", "is required for a report of activities")])
    between = chosen(wanted.since, wanted.until, None)
    parameters = {"user_id": wanted.user_id, "since": between.since, "until": between.until}
    return Order(Action.REPORT_ACTIVITIES, about=wanted.user_id, parameters=parameters)


def pages(job: Job) -> Iterator[Rows]:
    """Yield the user's activities up to the creation of the job, within the retention period.

    The total number is unknown, so progress is derived from the part of the time that was covered.

    Raises:
        NonRetryable: if the user no longer exists.
    """
    since, until = job.parameters["since"], job.parameters["until"] or job.created_at
    try:
        user = users.get(job.parameters["user_id"])
    except NotFound:
        raise NonRetryable(GONE) from None
    oldest = max(since, earliest(), user.created_at)
    for found in batched(read(user, Filter(since=since, until=until)), ROWS, strict=False):
        rows = [ActivityView.model_validate(each).model_dump(mode="json") for each in found]
        yield Rows(rows, _percent(oldest, found[-1].occurred_at, until))


def _percent(oldest: str, reached: str, newest: str) -> int:
    """Return which percentage of a time interval was covered, going back."""
    begin, now, end = (datetime.fromisoformat(text).timestamp() for text in (oldest, reached, newest))
    return int(100 * (end - now) / max(end - begin, 1))
