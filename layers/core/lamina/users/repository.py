"""Reads and writes users."""

from collections.abc import Iterable, Sequence

from lamina.errors import Conflict
from lamina.events.outbox import OutboxItem
from lamina.storage import run_once, transactions
from lamina.storage.item import Item
from lamina.storage.transactions import Check, ConditionFailed
from lamina.users.errors import EmailTaken, UsernameTaken
from lamina.users.items import (
    GuardItem,
    UserItem,
    guard_item,
    guard_key,
    place_guard,
    reserve,
    search_items,
    to_user,
    user_item,
    user_key,
)
from lamina.users.model import User

TAKEN: dict[str, type[Conflict]] = {"email": EmailTaken, "username": UsernameTaken}
"""Unique fields, and the error if the value is taken."""
LISTED = ("role", "status", "deleted_at")
"""Fields that determine which lists contain a user and its guards."""


def get(user_id: str) -> User | None:
    """Return a user; None if it does not exist: one consistent read."""
    try:
        return to_user(UserItem.get(*user_key(user_id), consistent_read=True))
    except UserItem.DoesNotExist:
        return None


def get_many(user_ids: Iterable[str], *, as_last_written: bool = False) -> dict[str, User]:
    """Return up to 100 users by id in one call; those that do not exist are omitted."""
    keys = [user_key(user_id) for user_id in user_ids]
    users = [to_user(item) for item in UserItem.batch_get(keys, consistent_read=as_last_written)] if keys else []
    return {user.id: user for user in users}


def get_with(user_id: str, key: tuple[str, str]) -> tuple[User | None, Item | None]:
    """Return a user and another item, each None if it does not exist: one consistent call."""
    found = {(item.pk, item.sk): item for item in Item.batch_get([user_key(user_id), key], consistent_read=True)}
    user = found.get(user_key(user_id))
    return (to_user(user) if isinstance(user, UserItem) else None), found.get(key)


def id_of(field: str, value: str) -> str | None:
    """Return the id of the user with this `email` or `username`, None if free or reserved: one consistent read."""
    try:
        guard = GuardItem.get(*guard_key(field, value), consistent_read=True)
    except GuardItem.DoesNotExist:
        return None
    return None if guard.expires_at else str(guard.user_id)


def insert(
    user: User,
    events: Sequence[OutboxItem],
    *,
    request: str,
    also: Sequence[Item] = (),
    check: Sequence[Check] = (),
) -> str:
    """Save a new user, its guards, its search entries, its events and further items in one transaction.

    Args:
        user: the user, with its id.
        events: events of its creation.
        request: name of the idempotent request, as `RequestContext.request`.
        also: items of other subjects to be created with it.
        check: see `transactions.write`.

    Returns:
        The id of the user that this request created; differs from `user.id` if an earlier attempt had succeeded.

    Raises:
        Conflict: `EMAIL_TAKEN` or `USERNAME_TAKEN`.
    """
    guards = [guard_item(user, field) for field in TAKEN]
    items = [user_item(user), *guards, *search_items(user).values(), *events, *also]
    try:
        earlier = run_once.write(request, user.id, items, check=check)
    except ConditionFailed as refused:
        raise _taken(refused, user) from refused
    return earlier.id if earlier else user.id


def update(
    before: User,
    after: User,
    events: Sequence[OutboxItem],
    *,
    put: Sequence[Item] = (),
    delete: Sequence[Item] = (),
    discard: Sequence[Item] = (),
    reserve_until: int | None = None,
    check: Sequence[Check] = (),
) -> None:
    """Save a changed user, conditional on the version that was read, with its guards and search entries.

    `put`, `delete`, `discard` and `check` are items of other subjects, see `transactions.write`. If `reserve_until`, a
    Unix time, is given, the previous address stays reserved for the user until then.

    Raises:
        Conflict: `EMAIL_TAKEN`, `USERNAME_TAKEN`; `CONFLICT` if the stored user is no longer `before`.
    """
    kept, released = _moved_guards(before, after, reserve_until)
    # Search entries are deleted without a condition: the user's version decides, and a release may change the words.
    old_words, new_words = search_items(before), search_items(after)
    entered = [item.entry() for key, item in new_words.items() if key not in old_words]
    left = [item for key, item in old_words.items() if key not in new_words]
    try:
        transactions.write(
            put=[user_item(after), *events, *kept, *put],
            delete=[*released, *delete],
            discard=[*left, *discard],
            update=entered,
            check=check,
        )
    except ConditionFailed as refused:
        raise _taken(refused, after) from refused


def _moved_guards(before: User, after: User, reserve_until: int | None) -> tuple[list[GuardItem], list[GuardItem]]:
    """Return the guards to write, because their value or their lists have changed, and those to delete.

    A deleted user whose address was never verified keeps none: it may be somebody else's.
    """
    if not any(getattr(before, field) != getattr(after, field) for field in (*TAKEN, *LISTED)):
        return [], []
    kept: list[GuardItem] = []
    released: list[GuardItem] = []
    keys = dict.fromkeys([*_guard_keys(before), *_guard_keys(after)])
    found = GuardItem.batch_get(list(keys), consistent_read=True)
    stored = {guard.pk: guard for guard in found if guard.user_id == before.id}
    if after.deleted_at and not after.email_verified:
        return [], list(stored.values())
    for field in TAKEN:
        guard = stored.pop(guard_key(field, getattr(before, field))[0], None)
        if guard is None or getattr(before, field) != getattr(after, field):
            reserved = stored.get(guard_key(field, getattr(after, field))[0])
            kept.append(guard_item(after, field).over(reserved.version if reserved else None))
            if guard and field == "email" and reserve_until:
                reserve(guard, reserve_until)
                kept.append(guard)
            elif guard:
                released.append(guard)
        elif any(getattr(before, name) != getattr(after, name) for name in LISTED):
            place_guard(guard, after)
            kept.append(guard)
    return kept, released


def _guard_keys(user: User) -> list[tuple[str, str]]:
    return [guard_key(field, getattr(user, field)) for field in TAKEN]


def _taken(refused: ConditionFailed, user: User) -> Conflict:
    for field, taken in TAKEN.items():
        raw = refused.found.get(guard_key(field, getattr(user, field)), {})
        if raw and raw["user_id"]["S"] != user.id:
            return taken()
    return Conflict()
