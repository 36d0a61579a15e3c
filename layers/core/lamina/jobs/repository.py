"""Reads and writes jobs."""

from collections.abc import Sequence

from lamina.events.outbox import OutboxItem
from lamina.jobs.items import (
    JobItem,
    job_item,
    job_key,
    owned_item,
    owner_partition,
    to_job,
    unfinished_partitions,
)
from lamina.jobs.model import Job
from lamina.storage import run_once, transactions
from lamina.storage.keys import identifier_of
from lamina.storage.sharded_list import Source, read


def get(job_id: str) -> Job | None:
    """Return a job; None if it does not exist: one consistent read."""
    try:
        return to_job(JobItem.get(*job_key(job_id), consistent_read=True))
    except JobItem.DoesNotExist:
        return None


def insert(job: Job, events: Sequence[OutboxItem], *, request: str) -> str:
    """Save a new job and its events in one transaction.

    Args:
        job: the job, with its id.
        events: events of the request.
        request: name of the idempotent request, as `RequestContext.request`.

    Returns:
        The id of the job that this request created; differs from `job.id` if an earlier attempt had succeeded.
    """
    earlier = run_once.write(request, job.id, [job_item(job), owned_item(job), *events])
    return earlier.id if earlier else job.id


def update(job: Job, events: Sequence[OutboxItem]) -> None:
    """Save a changed job, conditional on the version that was read, and its events in one transaction.

    Raises:
        ConditionFailed: if the stored job has another version.
    """
    transactions.write(put=[job_item(job), *events])


def overdue(before: str, limit: int) -> list[Job]:
    """Return the unfinished jobs that were due before an instant, the longest overdue first.

    Costs a query per shard and a read per job found, however many jobs there are.
    """
    chunk = read(Source("gsi1", unfinished_partitions()), limit, descending=False)
    found = [identifier_of(position) for position in chunk.items if position < before]
    items = JobItem.batch_get([job_key(job_id) for job_id in found], consistent_read=True) if found else ()
    return sorted(map(to_job, items), key=lambda job: job.due_at)


def unfinished(owner_id: str, limit: int) -> int:
    """Return the number of unfinished jobs of an owner, up to a limit; the index is eventually consistent."""
    return len(read(Source("gsi2", [owner_partition(owner_id)]), limit, descending=False).items)
