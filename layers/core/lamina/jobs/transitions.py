"""The state machine of jobs and its events, independent of the table.

queued → running → succeeded, failed, or queued again for another attempt; queued and running → cancelled. A run holds a
job by a lease that it must renew: after the lease has expired, any run may take the job over.
"""

from dataclasses import replace

from lamina import ids
from lamina.events.catalog import JOB_CANCELLED, JOB_FAILED, JOB_REQUEUED, JOB_STARTED, JOB_SUCCEEDED, JobFacts
from lamina.events.event_type import Fact
from lamina.jobs.model import (
    EXHAUSTED,
    LEASE_SECONDS,
    MAX_ATTEMPTS,
    NEVER_STARTED,
    PATIENCE_SECONDS,
    WAIT_SECONDS,
    Job,
    JobError,
    JobFinished,
    JobStatus,
)

RENEWED_BELOW_SECONDS = LEASE_SECONDS * 2 // 3
"""A lease is renewed when this much of it is left: each renewal moves the job in the index of unfinished jobs."""
NEARLY = 99
"""Maximum progress of a job that is still running, in percent."""


type Step = tuple[Job, Fact | None]
"""The changed job, and the type of its event, if any."""


def is_overdue(job: Job) -> bool:
    """Return whether a job is unfinished and past its due time."""
    return not job.is_finished and job.due_at <= ids.now()


def can_start(job: Job) -> bool:
    """Return whether a run may take the job: it is queued, or its lease has expired and attempts are left."""
    if job.status == JobStatus.RUNNING:
        return is_overdue(job) and job.attempts < MAX_ATTEMPTS
    return job.status == JobStatus.QUEUED


def holds(job: Job, run: str) -> bool:
    """Return whether this run still holds the job."""
    return job.status == JobStatus.RUNNING and job.run == run


def facts(job: Job) -> JobFacts:
    """Return the data of every event of a job."""
    return {"owner_id": job.owner_id, "job_type": job.type, "attempts": job.attempts}


def start(job: Job, run: str) -> Step:
    """Assign the job to a run, as another attempt."""
    begun = replace(job, status=JobStatus.RUNNING, attempts=job.attempts + 1, progress=0, run=run)
    return replace(begun, due_at=ids.ahead(LEASE_SECONDS)), JOB_STARTED.of(facts(begun))


def beat(job: Job, progress: int) -> Step:
    """Record the progress of a run, and renew its lease if necessary."""
    is_low = job.due_at < ids.ahead(RENEWED_BELOW_SECONDS)
    due_at = ids.ahead(LEASE_SECONDS) if is_low else job.due_at
    return replace(job, progress=max(job.progress, min(progress, NEARLY)), due_at=due_at), None


def succeed(job: Job, result_key: str) -> Step:
    """Finish a job with its result."""
    done = replace(_finish(job, JobStatus.SUCCEEDED), progress=100, result_key=result_key)
    return done, JOB_SUCCEEDED.of(facts(done))


def fail(job: Job, error: JobError) -> Step:
    """Finish a job without a result."""
    failed = replace(_finish(job, JobStatus.FAILED), error=error)
    return failed, JOB_FAILED.of({**facts(failed), "code": error.code})


def cancel(job: Job) -> Step:
    """Cancel a job; its run notices at its next heartbeat.

    Raises:
        JobFinished: if it is finished.
    """
    if job.is_finished:
        raise JobFinished
    cancelled = _finish(job, JobStatus.CANCELLED)
    return cancelled, JOB_CANCELLED.of(facts(cancelled))


def put_back(job: Job) -> Step:
    """Release a job after a failed attempt: it is queued for the next attempt, or fails permanently."""
    if job.attempts >= MAX_ATTEMPTS:
        return fail(job, EXHAUSTED)
    return replace(job, status=JobStatus.QUEUED, progress=0, run=None, due_at=ids.ahead(WAIT_SECONDS)), None


def rescue(job: Job) -> Step:
    """Requeue an overdue job with a message of its own, or fail it."""
    if job.status == JobStatus.QUEUED and job.created_at < ids.ago(PATIENCE_SECONDS):
        return fail(job, NEVER_STARTED)
    if job.attempts >= MAX_ATTEMPTS:
        return fail(job, EXHAUSTED)
    waiting, _ = put_back(job)
    return waiting, JOB_REQUEUED.of(facts(waiting))


def _finish(job: Job, status: JobStatus) -> Job:
    return replace(job, status=status, run=None, finished_at=ids.now())
