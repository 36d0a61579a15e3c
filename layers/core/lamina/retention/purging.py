"""Purges users who were deleted long enough ago, with everything they own.

Each subject deletes its own items; this module lists them. A run that crashes or runs out of time leaves tombstones,
with which the next run begins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from lamina import ids
from lamina.activities import purging as activities
from lamina.avatars import removing as avatars
from lamina.events import purging as outbox
from lamina.events.catalog import USER_PURGED
from lamina.events.request_context import RequestContext
from lamina.identity import purging as identity
from lamina.jobs import purging as jobs
from lamina.mail import purging as mail
from lamina.orders import purging as orders
from lamina.posts import purging as posts
from lamina.realtime import purging as realtime
from lamina.reports.upload import remove as remove_report
from lamina.settings import settings
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.iteration import HasTime, Interrupted, iterate, keep, place
from lamina.users import purging as users
from lamina.users.model import User
from lamina.users.purging import TombstoneItem
from lamina.webhooks import purging as webhooks

DAY_SECONDS = 24 * 3600
WALK = "PURGE"


def _events(user_id: str, deletion: BatchDeletion) -> None:
    outbox.purge(USER_PURGED, user_id, deletion)


def _jobs(user_id: str, deletion: BatchDeletion) -> None:
    jobs.purge(user_id, remove_report, deletion)


OWNERS: Sequence[Callable[[str, BatchDeletion], None]] = (
    identity.purge,
    webhooks.purge,
    posts.purge,
    orders.purge,
    _jobs,
    mail.purge,
    activities.purge,
    avatars.purge,
    realtime.purge,
    _events,
)
"""Functions that delete everything of a user, given its id. They are idempotent and independent of each other."""


@dataclass
class Report:
    """The report of a run, or of a dry run.

    Attributes:
        finished: whether it reached the end.
        users: number of users removed.
        tombstones: number of users of earlier runs that were checked again.
        items: number of items deleted, by kind.
    """

    finished: bool = False
    users: int = 0
    tombstones: int = 0
    items: dict[str, int] = field(default_factory=dict)


def purge_users(has_time: HasTime, *, dry_run: bool = False) -> Report:
    """Purge the users who were deleted before the retention period, or continue where time ran out.

    Args:
        has_time: returns whether there is time for another step of up to one second.
        dry_run: only report; iterates over all deleted users, and stores no checkpoint.
    """
    purge = _Purge(BatchDeletion(has_time, dry_run=dry_run))
    try:
        iterate(users.tombstones(), purge.look_again, has_time, until=users.before(ids.now()))
        purge.walk_deleted(has_time)
        purge.report.finished = True
    except Interrupted:
        pass  # Reported by `finished`.
    purge.report.items = dict(sorted(purge.deletion.removed.items()))
    return purge.report


class _Purge:
    """A single run."""

    def __init__(self, deletion: BatchDeletion) -> None:
        self.deletion = deletion
        self.report = Report()
        self._context = RequestContext(None, ids.new_id())
        self._deadline = ids.ago(settings().purge_after_days * DAY_SECONDS)

    def walk_deleted(self, has_time: HasTime) -> None:
        """Iterate over deleted users created before the deadline: nobody is deleted before being created."""
        until = users.before(self._deadline)
        if self.deletion.dry_run:
            iterate(users.deleted_users(), self.visit, has_time, until=until)
            return
        reached = place(WALK)
        note = partial(keep, reached)
        iterate(users.deleted_users(), self.visit, has_time, after=reached.position, until=until, note=note)
        note("")

    def visit(self, positions: Sequence[str]) -> None:
        """Purge the users at these positions whose retention period has passed."""
        for user in filter(self._is_due, users.users_at(positions)):
            self.deletion.check_time()
            if self.deletion.dry_run:
                self.report.users += 1
                self._sweep(user.id)
            elif tombstone := users.remove(user.id, self._is_due, "deleted", self._context):
                self.report.users += 1
                self._finish(tombstone)

    def look_again(self, positions: Sequence[str]) -> None:
        """Continue with users that earlier runs have removed."""
        for tombstone in users.tombstones_at(positions):
            self.deletion.check_time()
            self.report.tombstones += 1
            self._finish(tombstone)

    def _finish(self, tombstone: TombstoneItem) -> None:
        self._sweep(users.user_of(tombstone))
        if not self.deletion.dry_run:
            users.settle(tombstone)

    def _sweep(self, user_id: str) -> None:
        for purge in OWNERS:
            purge(user_id, self.deletion)

    def _is_due(self, user: User) -> bool:
        return user.deleted_at is not None and user.deleted_at < self._deadline
