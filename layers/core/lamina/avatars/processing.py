"""Processes uploads: each becomes the user's avatar or is refused.

Every step may be repeated. A form is valid for one file; later files of the same form are discarded. S3 sends
notifications at least once and in any order; the newer of two uploads wins, because its name sorts later, and avatars
older than the current one are deleted.
"""

from lamina import ids
from lamina.avatars import files
from lamina.avatars.names import Upload, avatars_of, newest_key
from lamina.avatars.picture import NotAPicture, avatar
from lamina.errors import NotFound
from lamina.events.catalog import USER_AVATAR_REFUSED
from lamina.events.outbox import OutboxItem, event, event_key
from lamina.events.request_context import RequestContext
from lamina.observability.logs import about, logger
from lamina.storage import transactions
from lamina.storage.transactions import ConditionFailed
from lamina.users import service as users
from lamina.users.model import User


def follow(upload: Upload) -> None:
    """Set an upload as the avatar of its user, if it is a valid picture and the user has no newer avatar.

    Raises:
        PreconditionFailed, Conflict: if the user is changed concurrently; the notification is redelivered.
    """
    stored = files.read(upload.key)
    if stored is None:
        return  # It was processed before, or deleted.
    context = RequestContext(stored.notes.get("actor") or None, stored.notes.get("correlation-id") or ids.new_id())
    with about(correlation_id=context.correlation_id, user_id=upload.user_id, upload_id=upload.id):
        if _was_refused(upload):
            logger.info("no avatar: the form was used before")
        else:
            _make(upload, stored, context)
        files.delete(upload.key)


def _make(upload: Upload, stored: files.Stored, context: RequestContext) -> None:
    try:
        user = users.get(upload.user_id)
        newest = newest_key(user)
        if newest < upload.avatar_key:
            _show(upload, avatar(stored.content), user, context)
            logger.info("avatar set")
        _sweep(user.id, max(newest, upload.avatar_key))
    except NotFound:
        logger.info("no avatar: no such user")
    except NotAPicture as refusal:
        _refuse(upload, refusal.reason, context)
        logger.info("no avatar: not a picture", extra={"reason": refusal.reason})


def _show(upload: Upload, picture: bytes, user: User, context: RequestContext) -> None:
    files.publish(upload.avatar_key, picture)
    # Conditional on the version that was read: if the avatar has been deleted meanwhile, it must not be restored.
    users.update(
        user.id, {"avatar_url": upload.avatar_url}, context, if_version=lambda version: version == user.version
    )


def _sweep(user_id: str, newest: str) -> None:
    """Delete avatars older than the current one: the previous one, and those of interrupted attempts."""
    files.delete(*(key for key in files.keys(avatars_of(user_id)) if key < newest))


def _was_refused(upload: Upload) -> bool:
    """Return whether an earlier file of the same form was refused."""
    try:
        OutboxItem.get(*event_key(USER_AVATAR_REFUSED, upload.user_id, upload.id), consistent_read=True)
    except OutboxItem.DoesNotExist:
        return False
    return True


def _refuse(upload: Upload, reason: str, context: RequestContext) -> None:
    """Publish the event that an upload was refused; once, because the event has the id of the upload."""
    fact = USER_AVATAR_REFUSED.of({"upload_id": upload.id, "reason": reason})
    outcome = event(
        fact, upload.user_id, actor=context.actor, correlation_id=context.correlation_id, event_id=upload.id
    )
    try:
        transactions.write(put=[outcome])
    except ConditionFailed:
        logger.info("no event: it was written before")
