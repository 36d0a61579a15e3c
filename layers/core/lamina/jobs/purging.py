"""Purges the jobs of a user and their results."""

from collections.abc import Callable

from lamina.jobs import repository
from lamina.jobs.items import OwnedJobItem
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry
from lamina.storage.keys import key, value_of


def purge(user_id: str, discard: Callable[[str], None], deletion: BatchDeletion) -> None:
    """Delete the jobs of a purged user. An active run notices at its next heartbeat.

    Args:
        user_id: the user.
        discard: deletes a result, given its key in the bucket of files; it may not exist.
        deletion: the current run.

    Raises:
        Interrupted: if time runs out before all are deleted.
    """
    owned = OwnedJobItem.query(key("USER", user_id), OwnedJobItem.sk.startswith(key("JOB", "")))
    for item in owned:
        deletion.check_time()
        job_id = value_of(item.sk)
        job = repository.get(job_id)
        if job is not None and job.result_key:
            if not deletion.dry_run:
                discard(job.result_key)
            deletion.removed["results"] += 1
        deletion.remove("items of jobs", Entry.query(key("JOB", job_id)))
        deletion.remove("jobs", [item])
