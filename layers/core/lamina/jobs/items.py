"""Table items of jobs: the job, its entry under its owner, and the lists of unfinished jobs."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina import ids
from lamina.access.policy import Action
from lamina.jobs.model import KEPT_SECONDS, Job, JobError, JobStatus, JobType
from lamina.storage.item import Item
from lamina.storage.keys import SHARDS, key, list_partition, list_position, shard_of, value_of


class JobItem(Item, discriminator="job"):
    """A job: `JOB#<id>` / `JOB`. While unfinished, it is in two lists by `due_at`: all jobs, and those of its owner."""

    type = UnicodeAttribute()
    owner_id = UnicodeAttribute()
    action = UnicodeAttribute()
    about = UnicodeAttribute(null=True)
    parameters = JSONAttribute()
    correlation_id = UnicodeAttribute()
    status = UnicodeAttribute()
    progress = NumberAttribute()
    attempts = NumberAttribute()
    run = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute()
    result_key = UnicodeAttribute(null=True)
    error_code = UnicodeAttribute(null=True)
    error_message = UnicodeAttribute(null=True)
    finished_at = UnicodeAttribute(null=True)


class OwnedJobItem(Item, discriminator="owned_job"):
    """The entry of a job under its owner: `USER#<owner>` / `JOB#<id>`. A purge finds all jobs by it."""


def job_key(job_id: str) -> tuple[str, str]:
    """Return the key of a job."""
    return key("JOB", job_id), "JOB"


def unfinished_partitions() -> list[str]:
    """Return the partitions, in `gsi1`, of all unfinished jobs."""
    return [list_partition("JOBS", "unfinished", shard=shard) for shard in range(SHARDS)]


def owner_partition(owner_id: str) -> str:
    """Return the partition, in `gsi2`, of the unfinished jobs of an owner."""
    return list_partition("JOBS", "unfinished", owner_id, shard=0)


def job_item(job: Job) -> JobItem:
    """Return the item of a job, to be saved conditional on the version that was read."""
    item = JobItem(
        *job_key(job.id),
        type=job.type,
        owner_id=job.owner_id,
        action=job.action,
        about=job.about,
        parameters=dict(job.parameters),
        correlation_id=job.correlation_id,
        status=job.status,
        progress=job.progress,
        attempts=job.attempts,
        run=job.run,
        due_at=job.due_at,
        result_key=job.result_key,
        error_code=job.error.code if job.error else None,
        error_message=job.error.message if job.error else None,
        finished_at=job.finished_at,
        created_at=job.created_at,
        updated_at=job.updated_at,
        created_by=job.owner_id,
        expires_at=ids.epoch_of(job.created_at) + KEPT_SECONDS,
    ).over(job.version)
    if not job.is_finished:
        item.gsi1pk = unfinished_partitions()[shard_of(job.id)]
        item.gsi2pk = owner_partition(job.owner_id)
        item.gsisk = list_position(job.due_at, job.id)
    return item


def owned_item(job: Job) -> OwnedJobItem:
    """Return the entry of a job under its owner."""
    expires_at = ids.epoch_of(job.created_at) + KEPT_SECONDS
    return OwnedJobItem(key("USER", job.owner_id), key("JOB", job.id), created_by=job.owner_id, expires_at=expires_at)


def to_job(item: JobItem) -> Job:
    """Return the job of an item."""
    return Job(
        id=value_of(item.pk),
        type=JobType(item.type),
        owner_id=item.owner_id,
        action=Action(item.action),
        about=item.about,
        parameters=item.parameters,
        correlation_id=item.correlation_id,
        status=JobStatus(item.status),
        progress=int(item.progress),
        attempts=int(item.attempts),
        run=item.run,
        due_at=item.due_at,
        result_key=item.result_key,
        error=JobError(item.error_code, item.error_message) if item.error_code else None,
        version=int(item.version),
        created_at=item.created_at,
        updated_at=item.updated_at or item.created_at,
        finished_at=item.finished_at,
    )
