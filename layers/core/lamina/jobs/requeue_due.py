"""Recovers stale jobs, after a crashed run or a lost message."""

from dataclasses import dataclass

from lamina import ids
from lamina.errors import Conflict, NotFound
from lamina.jobs import service, transitions
from lamina.jobs.model import Job, JobStatus
from lamina.storage.iteration import HasTime


@dataclass
class Report:
    """The report of a run, or of a dry run.

    Attributes:
        finished: whether no stale job is left.
        requeued: number of jobs that were queued for another attempt.
        failed: number of jobs that failed, because no attempt was left or they had waited for a day.
    """

    finished: bool = False
    requeued: int = 0
    failed: int = 0


def requeue_stale(has_time: HasTime, *, dry_run: bool = False) -> Report:
    """Requeue or fail every overdue job, the longest overdue first.

    Args:
        has_time: returns whether there is time for another job.
        dry_run: only report, limited to the jobs of one read.
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
    """Requeue or fail a job; None if it is no longer overdue, does not exist, or is being changed concurrently."""
    try:
        after = service.requeue_or_fail(job)
    except (Conflict, NotFound):
        return None
    return after.status if after.updated_at != job.updated_at else None


def _note(report: Report, status: JobStatus | None) -> None:
    report.requeued += status == JobStatus.QUEUED
    report.failed += status == JobStatus.FAILED
