"""The use cases of users. Callers authorize first; domain rules are enforced here."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from lamina import ids
from lamina.access.policy import PERMISSIONS, Caller, Role
from lamina.errors import Conflict, NotFound, PreconditionFailed, Unauthenticated
from lamina.events.catalog import USER_CREATED, USER_DELETED, USER_RESTORED, USER_UPDATED, UserChange, UserFacts
from lamina.events.event_type import EventType, Fact
from lamina.events.outbox import OutboxItem, event
from lamina.events.request_context import RequestContext
from lamina.storage.item import Item
from lamina.storage.transactions import Check, ConditionFailed
from lamina.users import repository
from lamina.users.authorization import require_change
from lamina.users.errors import EmailNotVerified
from lamina.users.items import UserItem, user_key
from lamina.users.metadata import patched
from lamina.users.model import DEFAULT_LOCALE, Status, User

ATTEMPTS = 5
"""Number of attempts of a change without a precondition if the user is changed concurrently."""
NO_SUCH_USER = "The user was not found."


@dataclass(frozen=True, kw_only=True)
class NewUser:
    """The properties of a new user; fields as in `User`."""

    email: str
    username: str
    name: str
    role: Role = Role.VIEWER
    status: Status = Status.ACTIVE
    age: int | None = None
    locale: str = DEFAULT_LOCALE
    metadata: dict[str, Any] = field(default_factory=dict)
    email_verified: bool = False


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """A change of a user and of items of other subjects, written in one transaction.

    Attributes:
        user: the changed user.
        events: further events, besides `user.updated`.
        put: items to write, each conditional on the version that was read.
        delete: items to delete, each conditional on the version that was read.
        discard: items to delete, if they exist.
        reserve_until: Unix time until which the previous address is reserved for the user; None to release it
            immediately.
    """

    user: User
    events: Sequence[OutboxItem] = ()
    put: Sequence[Item] = ()
    delete: Sequence[Item] = ()
    discard: Sequence[Item] = ()
    reserve_until: int | None = None


type Follow = Callable[[User, User], Amendment]
"""Returns further changes, given the user before and after the change."""


def create(
    new: NewUser,
    context: RequestContext,
    also: Callable[[User], Sequence[Item]] = lambda _: (),
    *,
    by: Caller | None = None,
) -> User:
    """Create a user.

    Args:
        new: its properties.
        context: the request; a retry returns the user created before.
        also: returns items of other subjects to be created with it.
        by: the caller; None for self-registration and for the system itself.

    Raises:
        Unauthenticated: if the credentials of `by` are revoked, or its role changes, concurrently.
        Conflict: `EMAIL_TAKEN` or `USERNAME_TAKEN`, also by a deleted user until it is purged.
    """
    now = ids.now()
    user = User(
        id=ids.new_id(),
        email=new.email,
        username=new.username,
        name=new.name,
        role=new.role,
        status=new.status,
        age=new.age,
        locale=new.locale,
        email_verified=new.email_verified,
        metadata=new.metadata,
        created_at=now,
        updated_at=now,
        created_by=context.actor,
    )
    event = _event(USER_CREATED.of(_facts(user)), user, context)
    check = [as_authenticated(by)] if by is not None else []
    try:
        created = repository.insert(user, [event], request=context.request, also=also(user), check=check)
    except Conflict as conflict:
        raise_if_revoked(conflict.__cause__, by)
        raise
    return replace(user, version=1) if created == user.id else _get_even_deleted(created)


def get(user_id: str) -> User:
    """Return a user.

    Raises:
        NotFound: if it does not exist or is deleted.
    """
    user = _get_even_deleted(user_id)
    if user.deleted_at:
        raise NotFound(NO_SUCH_USER)
    return user


def get_many(user_ids: Collection[str]) -> dict[str, User]:
    """Return up to 100 users by id, including deleted ones, in one consistent call; missing ones are omitted."""
    return repository.get_many(user_ids, as_last_written=True)


def get_with(user_id: str, key: tuple[str, str]) -> tuple[User | None, Item | None]:
    """Return a user, even a deleted one, and an item of another subject by its key: one consistent call."""
    return repository.get_with(user_id, key)


def exists(user_id: str) -> bool:
    """Return whether a user exists; a deleted one does until it is purged. One consistent read."""
    return repository.get(user_id) is not None


def find_by_email(email: str) -> str | None:
    """Return the id of the user with this address, ignoring case; includes deleted users."""
    return repository.id_of("email", email.lower())


def update(
    user_id: str,
    changes: Mapping[str, Any],
    context: RequestContext,
    *,
    if_version: Callable[[int], bool],
    by: Caller | None = None,
    merge: bool = False,
    follow: Follow = lambda _, after: Amendment(user=after),
) -> User:
    """Change fields of a user; if no value changes, the version stays the same.

    Args:
        user_id: id of the user.
        changes: new values by field of `User`.
        context: the request.
        if_version: returns whether the change may be applied to this version.
        by: the caller; None for the system itself.
        follow: returns further changes, given the user before and after the change.
        merge: whether to merge metadata (RFC 7396) rather than replace it.

    Raises:
        Invalid: if the merged metadata is too large.
        NotFound: if the user does not exist or is deleted.
        EmailNotVerified: if the new role has more permissions and the address is not verified.
        PreconditionFailed: if `if_version` returns false, for the version read or for a concurrent one.
        Conflict: `EMAIL_TAKEN`, `USERNAME_TAKEN`, or `CONFLICT` if the user keeps being changed concurrently.
    """

    def edit(user: User) -> User:
        merged = {"metadata": patched(user.metadata, changes["metadata"])} if merge and "metadata" in changes else {}
        return replace(user, **_effects(user, {**changes, **merged}))

    return _change(get, user_id, edit, USER_UPDATED, context, if_version=if_version, by=by, follow=follow)


def amend(user_id: str, edit: Callable[[User], Amendment], context: RequestContext) -> User:
    """Change a user together with items of other subjects, in one transaction.

    Args:
        user_id: id of the user.
        edit: returns the change of the current user; called for each attempt.
        context: the request.

    Raises:
        NotFound: if the user does not exist or is deleted.
        Conflict: `EMAIL_TAKEN`, `USERNAME_TAKEN`, or `CONFLICT` if the user or the items keep being changed
            concurrently.
    """
    for _ in range(ATTEMPTS):
        before = get(user_id)
        amendment = edit(before)
        after = replace(amendment.user, updated_at=ids.now())
        changed = _changed(before, after)
        fact = USER_UPDATED.of({**_facts(after), "changed": changed})
        updated = [_event(fact, after, context, _replaced(before, changed))] if changed else []
        event = [*amendment.events, *updated]
        try:
            repository.update(
                before,
                after,
                event,
                put=amendment.put,
                delete=amendment.delete,
                discard=amendment.discard,
                reserve_until=amendment.reserve_until,
            )
        except Conflict as conflict:
            if conflict.code != Conflict.code:
                raise
            continue
        return replace(after, version=before.version + 1)
    raise Conflict


def delete(
    user_id: str, context: RequestContext, *, if_version: Callable[[int], bool], by: Caller | None = None
) -> None:
    """Soft-delete a user: it and its sessions are no longer visible.

    Its address and username stay reserved until the purge; those of an unverified account are released immediately, so
    that nobody can block an address of somebody else.

    Raises:
        NotFound, PreconditionFailed, Conflict: see `update`.
    """

    def remove(user: User) -> User:
        return replace(user, deleted_at=ids.now(), session_epoch=user.session_epoch + 1)

    _change(get, user_id, remove, USER_DELETED, context, if_version=if_version, by=by)


def restore(user_id: str, context: RequestContext, *, by: Caller | None = None) -> User:
    """Restore a deleted user. A user that is not deleted is returned unchanged.

    Raises:
        NotFound: if the user does not exist or has been purged.
        Conflict: `EMAIL_TAKEN` or `USERNAME_TAKEN`, if it was unverified and somebody else has taken the value since.
        Conflict: if the user keeps being changed concurrently.
    """

    def revive(user: User) -> User:
        return replace(user, deleted_at=None)

    return _change(_get_even_deleted, user_id, revive, USER_RESTORED, context, if_version=lambda _: True, by=by)


def as_authenticated(caller: Caller) -> Check:
    """Return the check of a transaction that writes on a caller's behalf.

    It fails if sessions or credentials of the user were revoked, or its role was changed, after the credential was
    checked.
    """
    return UserItem(*user_key(caller.user_id)), UserItem.session_epoch == caller.session_epoch


def as_existing(user_id: str) -> Check:
    """Return the check of a transaction that writes for a user: it fails if the user is missing or deleted."""
    return UserItem(*user_key(user_id)), UserItem.pk.exists() & UserItem.deleted_at.does_not_exist()


def raise_if_revoked(refused: BaseException | None, caller: Caller | None) -> None:
    """Raise `Unauthenticated` if a transaction was refused by `as_authenticated`."""
    if caller and isinstance(refused, ConditionFailed) and user_key(caller.user_id) in refused.found:
        raise Unauthenticated("The credential was revoked during the request. Sign in again.") from None


def _get_even_deleted(user_id: str) -> User:
    user = repository.get(user_id)
    if user is None:
        raise NotFound(NO_SUCH_USER)
    return user


def _change(
    find: Callable[[str], User],
    user_id: str,
    edit: Callable[[User], User],
    event_type: EventType[UserChange],
    context: RequestContext,
    *,
    if_version: Callable[[int], bool],
    by: Caller | None,
    follow: Follow = lambda _, after: Amendment(user=after),
) -> User:
    """Read, edit and save a user; retry after a concurrent change if the precondition still holds."""
    # If callers change themselves, the version check covers them; otherwise the transaction checks their account.
    check = [as_authenticated(by)] if by is not None and by.user_id != user_id else []
    for _ in range(ATTEMPTS):
        before = find(user_id)
        if not if_version(before.version):
            raise PreconditionFailed
        after = edit(before)
        changed = _changed(before, after)
        _permit(by, before, after)
        if not changed:
            return before
        amendment = follow(before, after)
        after = replace(amendment.user, updated_at=ids.now())
        fact = event_type.of({**_facts(after), "changed": changed})
        event = _event(fact, after, context, _replaced(before, changed))
        try:
            repository.update(
                before, after, [event, *amendment.events], put=amendment.put, discard=amendment.discard, check=check
            )
        except Conflict as conflict:
            raise_if_revoked(conflict.__cause__, by if check else None)
            if conflict.code != Conflict.code:
                raise
            continue
        return replace(after, version=before.version + 1)
    raise Conflict


def _permit(by: Caller | None, before: User, after: User) -> None:
    if by is not None:
        require_change(by, before, after)
    if not PERMISSIONS[after.role] <= PERMISSIONS[before.role] and not after.email_verified:
        raise EmailNotVerified


def _effects(user: User, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes with their consequences: a new address is unverified; a new role or status ends the sessions."""
    effects = dict(changes)
    if effects.get("email", user.email) != user.email:
        effects.setdefault("email_verified", False)
    if any(effects.get(name, getattr(user, name)) != getattr(user, name) for name in ("role", "status")):
        effects["session_epoch"] = user.session_epoch + 1
    role = effects.get("role", user.role)
    if not PERMISSIONS[user.role] <= PERMISSIONS[role]:
        effects["demotions"] = {**user.demotions, Role(role): user.session_epoch + 1}
    return effects


def _changed(before: User, after: User) -> list[str]:
    """Return the fields that differ; values are compared as JSON, where `1` and `true` differ."""
    internal = {"version", "updated_at", "last_avatar", "session_epoch", "credential_epoch", "demotions"}
    old, new = asdict(before), asdict(after)
    return [name for name in sorted(old.keys() - internal) if _as_json(old[name]) != _as_json(new[name])]


def _as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _facts(user: User) -> UserFacts:
    return {"id": user.id, "role": user.role, "status": user.status}


def _event(fact: Fact, user: User, context: RequestContext, replaced: Mapping[str, object] | None = None) -> OutboxItem:
    """Return an event of a user that is about to be saved, with the values that are replaced."""
    return event(
        fact,
        user.id,
        actor=context.actor,
        correlation_id=context.correlation_id,
        subject_version=user.version + 1,
        replaced=replaced,
    )


def _replaced(before: User, changed: Sequence[str]) -> dict[str, object]:
    """Return the values of fields before a change, as `User` takes them, but no e-mail address: events hold none."""
    return {name: getattr(before, name) for name in (*changed, "updated_at") if name != "email"}
