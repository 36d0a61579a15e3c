"""Who may change what of a user, decided on the user as it is written over."""

from lamina.access.policy import Action, Caller, Role, require
from lamina.users.model import User
from lamina.users.service import Permit


def permit_for(caller: Caller) -> Permit:
    """Return the check of a caller's change, for `users.service`.

    It knows what the values say; that the caller may change the user at all is decided before.
    """

    def permit(before: User, after: User) -> None:
        if after.email != before.email:
            require(caller, Action.USER_SET_EMAIL, owner_id=before.id)
        sets_role = (after.role, after.status) != (before.role, before.status)
        if sets_role:
            require(caller, Action.USER_SET_ROLE)
        is_removed_or_restored = after.deleted_at != before.deleted_at and before.id != caller.user_id
        if (sets_role or is_removed_or_restored) and Role.ADMIN in (before.role, after.role):
            require(caller, Action.USER_MANAGE_ADMINS)

    return permit
