"""What an API key or an OAuth client may do: never more than its owner might at any time since it was created.

Each carries the owner's role and epochs as of its creation. Another credential epoch makes it void. A role with fewer
rights takes rights away for good: getting the role back does not bring them back.
"""

from collections.abc import Collection
from typing import Protocol

from lamina.access.policy import Caller, Role, client_scopes, lowest
from lamina.errors import RuleViolated
from lamina.users.model import User


class ScopeNotAllowed(RuleViolated):
    """A scope is asked for that the owner's role does not have."""

    code = "SCOPE_NOT_ALLOWED"
    message = "A scope goes beyond what your role allows."


class Granted(Protocol):
    """The attributes that such an item has."""

    granted_role: str
    granted_epoch: float
    credential_epoch: float


def require_scopes(caller: Caller, scopes: Collection[str]) -> None:
    """Raise `ScopeNotAllowed` unless the caller has these scopes by its role, or by owning."""
    if not set(scopes) <= client_scopes(caller.role):
        raise ScopeNotAllowed


def grant(item: Granted, caller: Caller) -> None:
    """Note on a new item what its creator may and when."""
    item.granted_role = caller.role
    item.granted_epoch, item.credential_epoch = caller.session_epoch, caller.credential_epoch


def is_revoked(item: Granted, owner: User) -> bool:
    """Tell whether an item was revoked together with all others of its owner."""
    return item.credential_epoch != owner.credential_epoch


def role_of(item: Granted, owner: User) -> Role:
    """Return the role that an item acts in."""
    since = owner.lowest_role_since(int(item.granted_epoch))
    return lowest([Role(item.granted_role), since]) if item.granted_role else since


def scopes_of(scopes: Collection[str], role: Role) -> list[str]:
    """Return those of the scopes that a role still allows."""
    return sorted(set(scopes) & client_scopes(role))
