"""Reads and writes of jobs."""

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
    """Read one job, as last written: one consistent read."""
    try:
        return to_job(JobItem.get(*job_key(job_id), consistent_read=True))
    except JobItem.DoesNotExist:
        return None


def insert(job: Job, events: Sequence[OutboxItem], *, request: str) -> str:
    """Save a new job and its events, or nothing.

    Args:
        job: with the id it shall have.
        events: of its request.
        request: names the idempotent request, as `RequestContext.request`.

    Returns:
        The id of the job that this request made: another than `job.id` when an earlier try of it had succeeded.
    """
    earlier = run_once.write(request, job.id, [job_item(job), owned_item(job), *events])
    return earlier.id if earlier else job.id


def update(job: Job, events: Sequence[OutboxItem]) -> None:
    """Save a changed job over the version that it was read with, and its events, or nothing.

    Raises:
        ConditionFailed: when the stored job is of another version.
    """
    transactions.write(put=[job_item(job), *events])


def overdue(before: str, limit: int) -> list[Job]:
    """Read the unfinished jobs that were due before an instant, the longest overdue first.

    Costs a query to each shard and a read of each job that is found, however many jobs there are.
    """
    chunk = read(Source("gsi1", unfinished_partitions()), limit, descending=False)
    found = [identifier_of(position) for position in chunk.items if position < before]
    items = JobItem.batch_get([job_key(job_id) for job_id in found], consistent_read=True) if found else ()
    return sorted(map(to_job, items), key=lambda job: job.due_at)


def unfinished(owner_id: str, limit: int) -> int:
    """Count the unfinished jobs of an owner, up to a limit; the index may be moments behind."""
    return len(read(Source("gsi2", [owner_partition(owner_id)]), limit, descending=False).items)
