"""Taking avatars back: one's own, and those of users who are no longer."""

from itertools import batched

from lamina.avatars import files
from lamina.avatars.names import avatars_of, newest_key, uploads_of
from lamina.events.request_context import RequestContext
from lamina.storage.batch_deletion import STEP, BatchDeletion
from lamina.users import service as users


def remove(user_id: str, context: RequestContext) -> None:
    """Take back a user's avatar, and the uploads that have not become one yet.

    Raises:
        NotFound: when there is no such user.
        Conflict: when others keep changing the user.
    """
    last = newest_key(users.get(user_id))
    users.update(user_id, {"avatar_url": None, "last_avatar": last}, context, if_version=lambda _: True)
    files.delete(*files.keys(uploads_of(user_id)))
    # A newer one may be on its way to the user at this moment.
    files.delete(*(key for key in files.keys(avatars_of(user_id)) if key <= last))


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Remove the uploads and avatars of a user that is no longer.

    Raises:
        Interrupted: before all were removed.
    """
    for what, prefix in (("uploads", uploads_of(user_id)), ("avatars", avatars_of(user_id))):
        for step in batched(files.keys(prefix), STEP, strict=False):
            deletion.check_time()
            if not deletion.dry_run:
                files.delete(*step)
            deletion.removed[what] += len(step)
