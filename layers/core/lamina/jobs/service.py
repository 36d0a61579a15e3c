"""The use cases of jobs, except running them."""

from collections.abc import Callable
from dataclasses import replace

from lamina import ids
from lamina.access.policy import Action, Caller, may, refusal
from lamina.errors import Conflict, NotFound
from lamina.events.catalog import JOB_REQUESTED
from lamina.events.outbox import event
from lamina.events.request_context import RequestContext
from lamina.jobs import repository, transitions
from lamina.jobs.model import WAIT_SECONDS, Job, NewJob, TooManyJobs
from lamina.jobs.transitions import Step, facts
from lamina.storage import run_once
from lamina.storage.transactions import ConditionFailed

ATTEMPTS = 8
"""Number of attempts to change a job whose run may write every two seconds."""
MAX_UNFINISHED = 5
"""Maximum number of unfinished jobs per owner; approximate, because the index is eventually consistent."""
STEP = 100
"""Number of stale jobs per read."""
NO_SUCH_JOB = "The job was not found."

type Edit = Callable[[Job], Step]
"""Returns the changed job, given the current one; returning it unchanged changes nothing."""


def create(new: NewJob, context: RequestContext) -> Job:
    """Create a job, together with the event that starts it.

    Args:
        new: properties of the job.
        context: the request; a retry returns the job created before.

    Raises:
        TooManyJobs: if its owner has too many unfinished jobs.
    """
    if repository.unfinished(new.owner_id, MAX_UNFINISHED) >= MAX_UNFINISHED:
        earlier = run_once.read(context.request)
        if earlier is None:
            raise TooManyJobs
        return get(earlier.id)
    now = ids.now()
    job = Job(
        **{name: getattr(new, name) for name in NewJob.__dataclass_fields__},
        id=ids.new_id(),
        correlation_id=context.correlation_id,
        created_at=now,
        updated_at=now,
        due_at=ids.ahead(WAIT_SECONDS),
    )
    requested = event(
        JOB_REQUESTED.of(facts(job)),
        job.id,
        actor=context.actor,
        correlation_id=job.correlation_id,
        subject_version=job.version + 1,
    )
    return get(repository.insert(job, [requested], request=context.request))


def get(job_id: str) -> Job:
    """Return a job.

    Raises:
        NotFound: if it does not exist.
    """
    job = repository.get(job_id)
    if job is None:
        raise NotFound(NO_SUCH_JOB)
    return job


def get_for(caller: Caller, job_id: str, action: Action = Action.JOB_READ) -> Job:
    """Return a job to a caller who is allowed to do this with it.

    Raises:
        NotFound: if it does not exist, or the caller must not know of it.
        Forbidden: if the caller may read it, but not do this.
    """
    job = get(job_id)
    if not may(caller, action, owner_id=job.owner_id):
        if may(caller, Action.JOB_READ, owner_id=job.owner_id):
            raise refusal(caller, action, owner_id=job.owner_id)
        raise NotFound(NO_SUCH_JOB)
    return job


def cancel(job_id: str, context: RequestContext) -> Job:
    """Cancel a job. It produces no result; an active run stops within seconds.

    Raises:
        NotFound: if it does not exist.
        JobFinished: if it is finished.
        Conflict: if the job keeps being changed concurrently.
    """
    return change(job_id, transitions.cancel, actor=context.actor)


def stale(before: str) -> list[Job]:
    """Return up to 100 unfinished jobs that were due before an instant, the longest overdue first.

    Args:
        before: the instant; `ids.now()` for all overdue jobs.
    """
    return repository.overdue(before, STEP)


def requeue_or_fail(job: Job) -> Job:
    """Requeue an overdue job, or fail it if no attempt is left. Any other job is unchanged.

    Returns:
        The current job.

    Raises:
        NotFound: if it does not exist.
        Conflict: if the job keeps being changed concurrently.
    """

    def edit(found: Job) -> Step:
        return transitions.rescue(found) if transitions.is_overdue(found) else (found, None)

    return change(job.id, edit)


def change(job_id: str, edit: Edit, *, actor: str | None = None) -> Job:
    """Read, edit and save a job with its event; retry if it was changed concurrently.

    Args:
        job_id: id of the job.
        edit: returns the changed job; called for each attempt, and may raise.
        actor: id of the user who causes the change; None for the system.

    Raises:
        NotFound: if it does not exist.
        Conflict: if the job keeps being changed concurrently.
    """
    for _ in range(ATTEMPTS):
        before = get(job_id)
        after, fact = edit(before)
        if after == before:
            return before
        after = replace(after, updated_at=ids.now())
        version = before.version + 1
        events = (
            [event(fact, job_id, actor=actor, correlation_id=after.correlation_id, subject_version=version)]
            if fact
            else []
        )
        try:
            repository.update(after, events)
        except ConditionFailed:
            continue
        return replace(after, version=version)
    raise Conflict
