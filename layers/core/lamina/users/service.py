"""What can be done with users. Callers authorise first; rules of the domain are kept here."""

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
from lamina.users.model import Status, User

ATTEMPTS = 5
"""How often a change without a precondition is tried over a newer version of the user."""
NO_SUCH_USER = "There is no such user."


@dataclass(frozen=True, kw_only=True)
class NewUser:
    """What it takes to make a user; the fields are those of `User`."""

    email: str
    username: str
    name: str
    role: Role = Role.VIEWER
    status: Status = Status.ACTIVE
    age: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    email_verified: bool = False


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """What becomes of a user and of items of other subjects, all or nothing.

    Attributes:
        user: as it shall be.
        events: that tell of it, beside `user.updated`.
        put: items to write, each over the version that it was read with.
        delete: items to remove, each at the version that it was read with.
        discard: items to remove, if they are there at all.
        reserve_until: Unix time until which the address that the user had is kept for it; None to free it at once.
    """

    user: User
    events: Sequence[OutboxItem] = ()
    put: Sequence[Item] = ()
    delete: Sequence[Item] = ()
    discard: Sequence[Item] = ()
    reserve_until: int | None = None


type Follow = Callable[[User, User], Amendment]
"""Gives what else changes along with a user, which is as the second from then on; it was as the first."""


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
        cause: who and what request makes it; a retry of the same request gives the user made before.
        also: composes items of other subjects that must come to be with it.
        by: who asks for it, as authenticated; None for whoever registers, and what the system does itself.

    Raises:
        Unauthenticated: when the credentials of `by` are revoked, or its role changes, at the same time.
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
    """Read a user.

    Raises:
        NotFound: when there is none, or it is deleted.
    """
    user = _get_even_deleted(user_id)
    if user.deleted_at:
        raise NotFound(NO_SUCH_USER)
    return user


def get_many(user_ids: Collection[str]) -> dict[str, User]:
    """Read up to 100 users, as last written, in one call, deleted ones too; those that do not exist are left out."""
    return repository.get_many(user_ids, as_last_written=True)


def find_by_email(email: str) -> str | None:
    """Tell the id of the user with this address, in whatever case it is written; deleted users are found too."""
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
    """Change fields of a user; the same values again change nothing and raise no version.

    Args:
        user_id: whose.
        changes: new values by field of `User`.
        cause: who and what request changes it.
        if_version: whether the change may be made over this version.
        by: who asks for it, as authenticated; None for what the system does itself.
        follow: says what else changes with it, of the user before and after.
        merge: whether the new metadata are a patch of those that are there (RFC 7396), in place of others.

    Raises:
        Invalid: when the merged metadata are too large.
        NotFound: when there is none, or it is deleted.
        EmailNotVerified: when the user would get a role with more rights, and has not proven the address.
        PreconditionFailed: when `if_version` says no, or no longer holds at the moment of writing.
        Conflict: `EMAIL_TAKEN`, `USERNAME_TAKEN`, or `CONFLICT` when others keep changing the user.
    """

    def edit(user: User) -> User:
        merged = {"metadata": patched(user.metadata, changes["metadata"])} if merge and "metadata" in changes else {}
        return replace(user, **_effects(user, {**changes, **merged}))

    return _change(get, user_id, edit, USER_UPDATED, context, if_version=if_version, by=by, follow=follow)


def amend(user_id: str, edit: Callable[[User], Amendment], context: RequestContext) -> User:
    """Change a user together with items of other subjects, in one transaction.

    Args:
        user_id: whose.
        edit: says what becomes of the user as it stands; called again for each try.
        cause: who and what request changes it.

    Raises:
        NotFound: when there is none, or it is deleted.
        Conflict: `EMAIL_TAKEN`, `USERNAME_TAKEN`, or `CONFLICT` when others keep changing the user or the items.
    """
    for _ in range(ATTEMPTS):
        before = get(user_id)
        amendment = edit(before)
        after = replace(amendment.user, updated_at=ids.now())
        changed = _changed(before, after)
        event = [
            *amendment.events,
            *([_event(USER_UPDATED.of({**_facts(after), "changed": changed}), after, context)] if changed else []),
        ]
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
    """Delete a user softly: it and its sessions are gone for readers.

    Its address and username stay taken until the purge; those of an unverified account are free at once, so that nobody
    can block an address that is not theirs.

    Raises:
        NotFound, PreconditionFailed, Conflict: as `update`.
    """

    def remove(user: User) -> User:
        return replace(user, deleted_at=ids.now(), session_epoch=user.session_epoch + 1)

    _change(get, user_id, remove, USER_DELETED, context, if_version=if_version, by=by)


def restore(user_id: str, context: RequestContext, *, by: Caller | None = None) -> User:
    """Bring a deleted user back as it was; one that is not deleted is returned unchanged.

    Raises:
        NotFound: when there is none, or it has been purged.
        Conflict: `EMAIL_TAKEN` or `USERNAME_TAKEN`, when it was unverified and somebody else has taken it since.
        Conflict: when others keep changing the user.
    """

    def revive(user: User) -> User:
        return replace(user, deleted_at=None)

    return _change(_get_even_deleted, user_id, revive, USER_RESTORED, context, if_version=lambda _: True, by=by)


def as_authenticated(caller: Caller) -> Check:
    """Return what must hold in a transaction that writes on a caller's behalf.

    Neither sessions nor credentials of the user have been revoked, nor has the role changed, since the credential was
    checked.
    """
    return UserItem(*user_key(caller.user_id)), UserItem.session_epoch == caller.session_epoch


def raise_if_revoked(refused: BaseException | None, caller: Caller | None) -> None:
    """Raise `Unauthenticated` if a transaction was refused by `as_authenticated`."""
    if caller and isinstance(refused, ConditionFailed) and user_key(caller.user_id) in refused.found:
        raise Unauthenticated("The credential was revoked while the request was under way. Sign in again.") from None


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
    """Read, edit and save a user; over a newer version, try again if the precondition still holds."""
    # Who changes itself is seen in what is written over; of anybody else, the transaction looks at the account.
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
        event = _event(event_type.of({**_facts(after), "changed": changed}), after, context)
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
    """Add what follows from changes: a new address is unverified; another role or status ends the sessions."""
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
    """Name the fields that differ; values are compared as JSON, to which `1` and `true` are not the same."""
    internal = {"version", "updated_at", "last_avatar", "session_epoch", "credential_epoch", "demotions"}
    old, new = asdict(before), asdict(after)
    return [name for name in sorted(old.keys() - internal) if _as_json(old[name]) != _as_json(new[name])]


def _as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _facts(user: User) -> UserFacts:
    return {"id": user.id, "role": user.role, "status": user.status}


def _event(fact: Fact, user: User, context: RequestContext) -> OutboxItem:
    return event(fact, user.id, actor=context.actor, correlation_id=context.correlation_id)
