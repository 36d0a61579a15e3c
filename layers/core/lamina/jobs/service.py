"""What can be done with jobs from outside their runs."""

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
"""How often a change is tried over a newer version of the job: its run writes every other second."""
MAX_UNFINISHED = 5
"""Unfinished jobs of one owner; about so, because the index that counts them may be moments behind."""
STEP = 100
"""Stale jobs that are read at once."""
NO_SUCH_JOB = "There is no such job."

type Edit = Callable[[Job], Step]
"""Says what becomes of a job as it stands; the same job again changes nothing."""


def create(new: NewJob, context: RequestContext) -> Job:
    """Ask for a job: it and the event that has it begun are written together.

    Args:
        new: what is to be done, and for whom.
        cause: who and what request asks; a retry of the same request gives the job made before.

    Raises:
        TooManyJobs: when its owner has too many that are unfinished.
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
    told = event(JOB_REQUESTED.of(facts(job)), job.id, actor=context.actor, correlation_id=job.correlation_id)
    return get(repository.insert(job, [told], request=context.request))


def get(job_id: str) -> Job:
    """Read a job.

    Raises:
        NotFound: when there is none.
    """
    job = repository.get(job_id)
    if job is None:
        raise NotFound(NO_SUCH_JOB)
    return job


def get_for(caller: Caller, job_id: str, action: Action = Action.JOB_READ) -> Job:
    """Read a job for somebody who wants to do something with it.

    Raises:
        NotFound: when there is none, or none that the caller may know of.
        Forbidden: when the caller may see it, and no more.
    """
    job = get(job_id)
    if not may(caller, action, owner_id=job.owner_id):
        if may(caller, Action.JOB_READ, owner_id=job.owner_id):
            raise refusal(caller, action, owner_id=job.owner_id)
        raise NotFound(NO_SUCH_JOB)
    return job


def cancel(job_id: str, context: RequestContext) -> Job:
    """Cancel a job: from now on it has no result, and a run that is at it leaves off within seconds.

    Raises:
        NotFound: when there is none.
        JobFinished: when there is nothing left to cancel.
        Conflict: when others keep changing the job.
    """
    return change(job_id, transitions.cancel, actor=context.actor)


def stale(before: str) -> list[Job]:
    """Read unfinished jobs to which nothing has happened in time, up to 100, the longest overdue first.

    Args:
        before: the instant by which something should have happened to them; `ids.now()` for all that are overdue.
    """
    return repository.overdue(before, STEP)


def requeue_or_fail(job: Job) -> Job:
    """Have a stale job begun again, or end it when its attempts are spent; one that is well again stays as it is.

    Returns:
        The job as it stands now.

    Raises:
        NotFound: when it is gone.
        Conflict: when others keep changing the job.
    """

    def edit(found: Job) -> Step:
        return transitions.rescue(found) if transitions.is_overdue(found) else (found, None)

    return change(job.id, edit)


def change(job_id: str, edit: Edit, *, actor: str | None = None) -> Job:
    """Read, edit and save a job, with the event that tells of it; over a newer version, try again.

    Args:
        job_id: whose.
        edit: says what becomes of the job; called again for each try, and may raise.
        actor: id of the user behind it; None for the system.

    Raises:
        NotFound: when there is none.
        Conflict: when others keep changing the job.
    """
    for _ in range(ATTEMPTS):
        before = get(job_id)
        after, fact = edit(before)
        if after == before:
            return before
        after = replace(after, updated_at=ids.now())
        told = [event(fact, job_id, actor=actor, correlation_id=after.correlation_id)] if fact else []
        try:
            repository.update(after, told)
        except ConditionFailed:
            continue
        return replace(after, version=before.version + 1)
    raise Conflict
