"""A job, as the domain sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lamina.access.policy import Action
from lamina.errors import RuleViolated

MAX_ATTEMPTS = 3
LEASE_SECONDS = 60
"""How long a run may be silent until another one takes the job over."""
WAIT_SECONDS = 15 * 60
"""How long a job may wait in its queue until its message counts as lost, and another is sent."""
PATIENCE_SECONDS = 24 * 3600
"""How long a job is kept waiting in all."""
KEPT_SECONDS = 30 * 24 * 3600


class JobType(StrEnum):
    """What kind of work a job is."""

    REPORT = "report"


class JobStatus(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})


@dataclass(frozen=True)
class JobError:
    """Why a job failed, and what its owner can do about it."""

    code: str
    message: str


EXHAUSTED = JobError(
    "ATTEMPTS_EXHAUSTED",
    f"It failed {MAX_ATTEMPTS} times, by no fault of yours. Ask for it again; if that fails too, quote this job's id.",
)
NEVER_STARTED = JobError("NEVER_STARTED", "It could not be begun within a day. Ask for it again.")


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What it takes to make a job.

    Attributes:
        type: what kind of work.
        owner_id: who asks for it.
        action: what the owner did by asking; who may do that no more does not get the result either.
        about: id of the user whom the action was about; None where it was about nobody in particular.
        parameters: what exactly is to be done, as JSON.
    """

    type: JobType
    owner_id: str
    action: Action
    about: str | None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Job(NewJob):
    """A job at one version.

    Attributes:
        id: UUIDv7.
        correlation_id: that of the request that asked for it.
        status: how far it has come.
        progress: percent of the present attempt, 0 to 100.
        attempts: runs that were begun.
        run: id of the run that has the job; None while nobody has.
        due_at: by when something has to have happened, or the job is stale; a running job's lease ends then.
        result_key: where the result lies in the bucket of files.
        error: why it failed.
        version: counts changes from 1; 0 before the first save.
        created_at: RFC 3339 UTC.
        updated_at: RFC 3339 UTC.
        finished_at: when it succeeded, failed or was cancelled.
    """

    id: str
    correlation_id: str
    created_at: str
    updated_at: str
    due_at: str
    status: JobStatus = JobStatus.QUEUED
    progress: int = 0
    attempts: int = 0
    run: str | None = None
    result_key: str | None = None
    error: JobError | None = None
    version: int = 0
    finished_at: str | None = None

    @property
    def is_finished(self) -> bool:
        """Whether nothing will become of it any more."""
        return self.status in FINISHED


class JobFinished(RuleViolated):
    """The job is over, and stays as it is."""

    message = "This job is finished. Only a job that is queued or running can be cancelled."


class TooManyJobs(RuleViolated):
    """The caller has as many unfinished jobs as one may have."""

    code = "TOO_MANY_JOBS"
    message = "You have several unfinished jobs already. Wait until one of them is finished, or cancel one."
