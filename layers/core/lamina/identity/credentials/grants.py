"""Permissions of API keys and OAuth clients: limited to what their owner has been allowed since their creation.

Each records the owner's role and epochs at its creation. A different credential epoch makes it void. Demoting the owner
removes permissions permanently: restoring the role does not restore them.
"""

from collections.abc import Collection
from typing import Protocol

from lamina.access.policy import Caller, Role, client_scopes, lowest
from lamina.errors import RuleViolated
from lamina.users.model import User


class ScopeNotAllowed(RuleViolated):
    """A requested scope exceeds the owner's role."""

    code = "SCOPE_NOT_ALLOWED"
    message = "Your role does not allow one of the requested scopes."


class Granted(Protocol):
    """The attributes of such an item."""

    granted_role: str
    granted_epoch: float
    credential_epoch: float


def require_scopes(caller: Caller, scopes: Collection[str]) -> None:
    """Raise `ScopeNotAllowed` unless the caller's role or ownership allows these scopes."""
    if not set(scopes) <= client_scopes(caller.role):
        raise ScopeNotAllowed


def grant(item: Granted, caller: Caller) -> None:
    """Record the creator's role and epochs on a new item."""
    item.granted_role = caller.role
    item.granted_epoch, item.credential_epoch = caller.session_epoch, caller.credential_epoch


def is_revoked(item: Granted, owner: User) -> bool:
    """Return whether an item was revoked together with all others of its owner."""
    return item.credential_epoch != owner.credential_epoch


def role_of(item: Granted, owner: User) -> Role:
    """Return the role that an item acts in."""
    since = owner.lowest_role_since(int(item.granted_epoch))
    return lowest([Role(item.granted_role), since]) if item.granted_role else since


def scopes_of(scopes: Collection[str], role: Role) -> list[str]:
    """Return the scopes that a role still allows."""
    return sorted(set(scopes) & client_scopes(role))
