"""The expiry of accounts whose address nobody has shown to be theirs.

Whoever registers takes an address that may be somebody else's. A walk over users by their creation looks at each when
its time is up; who has proven an address until then, or was vouched for by an administrator, stays. Once a week the
walk begins anew, for those who were suspended at that moment, or were being changed.
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
"""How often everybody is looked at again: a read of each living user."""


@dataclass
class Report:
    """What one run did, or would do.

    Attributes:
        finished: whether it came to the end.
        looked_at: how many users had come of age.
        expired: how many of them were removed.
    """

    finished: bool = False
    looked_at: int = 0
    expired: int = 0


def expire_unverified(has_time: HasTime, *, dry_run: bool = False) -> Report:
    """Remove accounts that are as old as the settings allow and unverified; the next purge takes what was theirs.

    Args:
        has_time: whether there is time for another step, of a second at the most.
        dry_run: only report, and remember nothing.
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
        pass  # The report says so.
    return report


def _is_unproven(user: User) -> bool:
    """Tell whether nobody has shown that the account is theirs: neither by its address nor by the word of an admin.

    A suspended account stays: its address would be free for whom the suspension is meant.
    """
    vouched_for = user.created_by is not None or user.role != Role.VIEWER or user.status == Status.SUSPENDED
    is_settled = vouched_for or user.email_verified or user.deleted_at is not None
    return not is_settled and not has_proven_an_address(user.id)
