"""The domain model of jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lamina.access.policy import Action
from lamina.errors import RuleViolated

MAX_ATTEMPTS = 3
LEASE_SECONDS = 60
"""Duration of a run's lease in seconds; afterwards another run may take the job over."""
WAIT_SECONDS = 15 * 60
"""How long a job may be queued until its message is considered lost and another is sent."""
PATIENCE_SECONDS = 24 * 3600
"""Maximum time in the queue in total."""
KEPT_SECONDS = 30 * 24 * 3600


class JobType(StrEnum):
    """The type of a job."""

    REPORT = "report"


class JobStatus(StrEnum):
    """The status of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})


@dataclass(frozen=True)
class JobError:
    """Why a job failed, and what its owner can do."""

    code: str
    message: str


EXHAUSTED = JobError(
    "ATTEMPTS_EXHAUSTED",
    f"The job failed {MAX_ATTEMPTS} times because of an internal error. Create it again or contact support.",
)
NEVER_STARTED = JobError("NEVER_STARTED", "The job could not be started within a day. Create it again.")


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """The properties of a new job.

    Attributes:
        type: the type of work.
        owner_id: the user who requests it.
        action: the action of the request. Owners who lose the permission lose access to the result.
        about: id of the user that the action applies to; None if it applies to nobody in particular.
        parameters: parameters of the work, as JSON.
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
        correlation_id: correlation id of the request that created it.
        status: its status.
        progress: progress of the current attempt in percent.
        attempts: number of attempts started.
        run: id of the run that holds the job; None if none does.
        due_at: when the job becomes stale unless something happens; the end of the lease of a running job.
        result_key: key of the result in the bucket of files.
        error: why it failed.
        version: number of changes, from 1; 0 before the first save.
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
        """Whether the job has reached a final status."""
        return self.status in FINISHED


class JobFinished(RuleViolated):
    """The job is finished and cannot be changed."""

    message = "This job is finished. Only queued or running jobs can be cancelled."


class TooManyJobs(RuleViolated):
    """The caller has reached the limit of unfinished jobs."""

    code = "TOO_MANY_JOBS"
    message = "You have reached the limit of unfinished jobs. Wait until one is finished, or cancel one."
