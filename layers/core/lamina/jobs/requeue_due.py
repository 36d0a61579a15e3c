"""The sweep of stale jobs: a run that died, a message that was lost, a worker that never came."""

from dataclasses import dataclass

from lamina import ids
from lamina.errors import Conflict, NotFound
from lamina.jobs import service, transitions
from lamina.jobs.model import Job, JobStatus
from lamina.storage.iteration import HasTime


@dataclass
class Report:
    """What one run did, or would do.

    Attributes:
        finished: whether no stale job is left.
        requeued: how many were sent for another attempt.
        failed: how many were ended, for they had no attempt left or had waited for a day.
    """

    finished: bool = False
    requeued: int = 0
    failed: int = 0


def requeue_stale(has_time: HasTime, *, dry_run: bool = False) -> Report:
    """Have every job that is overdue begun again, or end it: the longest overdue first.

    Args:
        has_time: whether there is time for another job.
        dry_run: only report, of no more jobs than one read brings.
    """
    report = Report()
    seen: set[str] = set()
    while stale := [job for job in service.stale(ids.now()) if job.id not in seen]:
        for job in stale:
            if not has_time():
                return report
            seen.add(job.id)
            _note(report, _foreseen(job) if dry_run else _rescued(job))
        if dry_run:
            report.finished = len(stale) < service.STEP
            return report
    report.finished = True
    return report


def _foreseen(job: Job) -> JobStatus:
    return transitions.rescue(job)[0].status


def _rescued(job: Job) -> JobStatus | None:
    """Rescue a job; None when it was well again, or gone, or others have it in hand."""
    try:
        after = service.requeue_or_fail(job)
    except (Conflict, NotFound):
        return None
    return after.status if after.updated_at != job.updated_at else None


def _note(report: Report, status: JobStatus | None) -> None:
    report.requeued += status == JobStatus.QUEUED
    report.failed += status == JobStatus.FAILED
