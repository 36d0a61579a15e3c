"""Field-level authorization of changes to a user, decided on the stored user."""

from collections.abc import Collection

from lamina.access.policy import Action, Caller, Credential, Role, require
from lamina.errors import Conflict, Forbidden, NotFound, ReauthenticationRequired, Unauthenticated
from lamina.users.errors import EmailNotVerified, EmailTaken, UseChangeEmail, UsernameTaken
from lamina.users.model import User

UPDATE_ERRORS = (
    Forbidden,
    ReauthenticationRequired,
    NotFound,
    Conflict,
    EmailTaken,
    UsernameTaken,
    EmailNotVerified,
    UseChangeEmail,
)
"""Every error of a request to update or replace a user, beyond those of its input."""


def require_create(caller: Caller, role: Role, *, with_password: bool) -> None:
    """Refuse the creation of a user by a caller who may not create one, or not with this role or a password.

    Raises:
        Forbidden, ReauthenticationRequired: see `access.policy.require`.
    """
    require(caller, Action.USER_CREATE)
    if role != Role.VIEWER:
        require(caller, Action.USER_SET_ROLE)
    if with_password:
        require(caller, Action.USER_SET_PASSWORD)
    if role == Role.ADMIN:
        require(caller, Action.USER_MANAGE_ADMINS)


def require_update(caller: Caller, user_id: str, fields: Collection[str]) -> None:
    """Refuse a request to set fields of a user that the caller may not set, even to their present values.

    Raises:
        Forbidden, ReauthenticationRequired: see `access.policy.require`.
    """
    require(caller, Action.USER_UPDATE, owner_id=user_id)
    if {"role", "status"}.intersection(fields):
        require(caller, Action.USER_SET_ROLE)


def require_change(caller: Caller, before: User, after: User) -> None:
    """Refuse a change of fields that the caller may not make; `require` has allowed changing the user as such.

    Raises:
        Forbidden, ReauthenticationRequired: see `access.policy.require`; nobody may vouch for their own address.
        UseChangeEmail: if users would set their own address.
        Unauthenticated: if the user is the caller, and its credential was revoked or its role has changed since.
    """
    is_own = before.id == caller.user_id
    if is_own and before.session_epoch != caller.session_epoch:
        raise Unauthenticated
    if is_own and after.email != before.email and caller.credential == Credential.SESSION:
        raise UseChangeEmail
    if (after.email, after.email_verified) != (before.email, before.email_verified):
        require(caller, Action.USER_SET_EMAIL)
        if is_own:
            raise Forbidden  # Nobody may vouch for their own address.
    sets_role = (after.role, after.status) != (before.role, before.status)
    if sets_role:
        require(caller, Action.USER_SET_ROLE)
    is_removed_or_restored = after.deleted_at != before.deleted_at and not is_own
    if (sets_role or is_removed_or_restored) and Role.ADMIN in (before.role, after.role):
        require(caller, Action.USER_MANAGE_ADMINS)
