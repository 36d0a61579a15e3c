"""Expires accounts whose e-mail address was never verified.

Anybody can register with somebody else's address. An iteration over users by creation time checks each once, when the
period for verification has passed; users that have verified an address, or were vouched for by an administrator, stay.
Once a week it starts over, for users that were suspended or being changed when they were checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lamina import ids
from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.identity.accounts.service import has_proven_an_address
from lamina.settings import settings
from lamina.storage.iteration import HasTime, Interrupted, iterate, keep, place, start_over
from lamina.users import purging as users
from lamina.users.model import Status, User

DAY_SECONDS = 24 * 3600
WALK = "EXPIRY"
ROUND_SECONDS = 7 * DAY_SECONDS
"""How often all users are checked again, at the cost of a read per user."""


@dataclass
class Report:
    """The report of a run, or of a dry run.

    Attributes:
        finished: whether it reached the end of the list.
        looked_at: number of users whose period has passed.
        expired: number of users removed.
    """

    finished: bool = False
    looked_at: int = 0
    expired: int = 0


def expire_unverified(has_time: HasTime, *, dry_run: bool = False) -> Report:
    """Remove unverified accounts whose period has passed; the next purge deletes what they own.

    Args:
        has_time: returns whether there is time for another step of up to one second.
        dry_run: only report, and store no checkpoint.
    """
    report = Report()
    context = RequestContext(None, ids.new_id())
    deadline = ids.ago(settings().unverified_days * DAY_SECONDS)
    reached = place(WALK)

    def visit(positions: Sequence[str]) -> None:
        found = users.users_at(positions)
        for user in filter(_is_unproven, found):
            if not has_time():
                raise Interrupted
            report.expired += dry_run or users.remove(user.id, _is_unproven, "unverified", context) is not None
        report.looked_at += len(found)

    def note(behind: str) -> None:
        if not dry_run:
            keep(reached, behind)

    try:
        iterate(users.living_users(), visit, has_time, after=reached.position, until=users.before(deadline), note=note)
        report.finished = True
        if not dry_run:
            start_over(reached, ROUND_SECONDS)
    except Interrupted:
        pass  # Reported by `finished`.
    return report


def _is_unproven(user: User) -> bool:
    """Return whether the account's address was neither verified nor vouched for by an administrator.

    Suspended accounts stay: otherwise the address would become free for whoever was suspended.
    """
    vouched_for = user.created_by is not None or user.role != Role.VIEWER or user.status == Status.SUSPENDED
    is_settled = vouched_for or user.email_verified or user.deleted_at is not None
    return not is_settled and not has_proven_an_address(user.id)
