"""The report of users, oldest first."""

from collections.abc import Iterator

from lamina.access.policy import Action
from lamina.jobs.model import Job
from lamina.reports.content import Order, Rows
from lamina.reports.schemas import NewReport
from lamina.users import counting
from lamina.users.iteration import iterate
from lamina.users.queries import UserQuery, user_query
from lamina.users.schemas import UserView

OWN: tuple[str, ...] = ("role", "status", "deleted")
COLUMNS = tuple(UserView.model_fields)


def order(wanted: NewReport) -> Order:
    """Return the order for a report of users.

    Raises:
        Invalid: if no index supports the combination of filters.
    """
    user_query(
        sort=None,
        role=wanted.role,
        status=wanted.status,
        search=None,
        deleted=bool(wanted.deleted),
        page=None,
        private=True,
    )
    filters = {"role": wanted.role or "", "status": wanted.status or "", "deleted": bool(wanted.deleted)}
    return Order(Action.REPORT_USERS, parameters=filters)


def pages(job: Job) -> Iterator[Rows]:
    """Yield the users that existed when the job was created; their approximate number is known from the counters."""
    filters = {name: job.parameters[name] for name in ("role", "status", "deleted")}
    expected, given = counting.total(**filters), 0
    for users in iterate(UserQuery(**filters, private=True), job.created_at):
        given += len(users)
        rows = [UserView.model_validate(user).model_dump(mode="json") for user in users]
        yield Rows(rows, 100 * given // max(expected, 1))
