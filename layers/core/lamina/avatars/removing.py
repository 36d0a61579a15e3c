"""Deletes avatars, on request and when a user is purged."""

from itertools import batched

from lamina.avatars import files
from lamina.avatars.names import avatars_of, newest_key, uploads_of
from lamina.events.request_context import RequestContext
from lamina.storage.batch_deletion import STEP, BatchDeletion
from lamina.users import service as users


def remove(user_id: str, context: RequestContext) -> None:
    """Delete a user's avatar and the uploads that have not been processed yet.

    Raises:
        NotFound: if the user does not exist.
        Conflict: if the user keeps being changed concurrently.
    """
    last = newest_key(users.get(user_id))
    users.update(user_id, {"avatar_url": None, "last_avatar": last}, context, if_version=lambda _: True)
    files.delete(*files.keys(uploads_of(user_id)))
    # A newer upload may be in progress.
    files.delete(*(key for key in files.keys(avatars_of(user_id)) if key <= last))


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Delete the uploads and avatars of a purged user.

    Raises:
        Interrupted: if time runs out before all are deleted.
    """
    for what, prefix in (("uploads", uploads_of(user_id)), ("avatars", avatars_of(user_id))):
        for step in batched(files.keys(prefix), STEP, strict=False):
            deletion.check_time()
            if not deletion.dry_run:
                files.delete(*step)
            deletion.removed[what] += len(step)
