"""The authorization policy: roles grant permissions, owners may manage what they own, scopes only restrict both.

Every decision of the API is a row of `RULES`, so that the whole matrix can be read, printed and tested.
"""

import time
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum

from lamina.errors import Forbidden, ReauthenticationRequired
from lamina.settings import settings


class Role(StrEnum):
    """The role of a user."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What a role may do to resources of others; also the names of the scopes."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    MANAGE_USERS = "manage_users"


class ClientScope(StrEnum):
    """The scopes of OAuth clients: the permissions, and those for resource servers."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    MANAGE_USERS = "manage_users"
    INTROSPECT = "introspect"
    """Introspect the tokens of other clients (RFC 7662). No token is issued with this scope."""


class Action(StrEnum):
    """What a caller may request."""

    USER_LIST = "users.list"
    USER_LIST_PRIVATE = "users.list_private"
    """List, filter, sort and search by fields that are not public."""
    USER_READ = "users.read"
    """Read the public profile."""
    USER_READ_PRIVATE = "users.read_private"
    """Read the full user."""
    USER_CREATE = "users.create"
    USER_SET_PASSWORD = "users.set_password"  # noqa: S105 (an action, not a password)
    """Create a user with a password."""
    USER_UPDATE = "users.update"
    USER_SET_ROLE = "users.set_role"
    """Set role and status, and create users with a role other than viewer."""
    USER_MANAGE_ADMINS = "users.manage_admins"
    """Create, promote, demote, suspend, delete or restore an administrator."""
    USER_SET_EMAIL = "users.set_email"
    """Set another user's address without confirmation, or mark it as verified. Controls password resets."""
    USER_DELETE = "users.delete"
    USER_RESTORE = "users.restore"
    USER_REMOVE_MFA = "users.remove_mfa"
    """Remove a second factor without a code."""
    USER_READ_ACTIVITIES = "users.read_activities"
    """Read a user's activities."""
    ACCOUNT_SECURE = "account.secure"
    """Change the password, reauthenticate, list and end sessions."""
    SECOND_FACTOR_MANAGE = "second_factor.manage"
    """Enrol, activate and disable the second factor."""
    API_KEY_CREATE = "api_keys.create"
    API_KEY_MANAGE = "api_keys.manage"
    """List and revoke one's own API keys."""
    CLIENT_CREATE = "oauth_clients.create"
    CLIENT_MANAGE = "oauth_clients.manage"
    """List and delete OAuth clients."""
    REPORT_USERS = "reports.users"
    """Create a report of all users."""
    REPORT_ACTIVITIES = "reports.activities"
    """Create a report of a user's activities."""
    JOB_READ = "jobs.read"
    JOB_CANCEL = "jobs.cancel"
    WEBHOOK_READ = "webhooks.read"
    """Read webhooks and their deliveries."""
    WEBHOOK_WRITE = "webhooks.write"
    """Create and update webhooks, send test events, redeliver events."""
    WEBHOOK_DELETE = "webhooks.delete"
    WEBHOOK_RECEIVE_ALL = "webhooks.receive_all"
    """Create a webhook that receives the events of all users."""
    POST_CREATE = "posts.create"
    POST_SET_AUTHOR = "posts.set_author"
    """Create a post in the name of another user, or give it to another author."""
    POST_READ_UNPUBLISHED = "posts.read_unpublished"
    """Read drafts and private posts; everybody may read what is published and public."""
    POST_UPDATE = "posts.update"
    """Update, publish and unpublish a post."""
    POST_DELETE = "posts.delete"
    PRODUCT_CREATE = "products.create"
    PRODUCT_READ_INACTIVE = "products.read_inactive"
    """Read products that are not for sale; everybody may read the others."""
    PRODUCT_UPDATE = "products.update"
    PRODUCT_CHANGE_STOCK = "products.change_stock"
    PRODUCT_DELETE = "products.delete"
    ORDER_PLACE = "orders.place"
    """Place an order for oneself."""
    ORDER_READ = "orders.read"
    """Read orders and their history."""
    ORDER_CANCEL = "orders.cancel"


@dataclass(frozen=True)
class Rule:
    """The requirements of an action.

    Attributes:
        needs: the permission that allows it on any resource; None if no role may do it to resources of others.
        owner: the scope in which the owner may do it; None if owners have no special right.
        in_person: whether it requires a signed-in user: API keys and OAuth clients are refused.
        recent: whether the session must have been authenticated recently. Keys and clients have no such time;
            `in_person` refuses them.
        proven: whether it requires a verified e-mail address on resources of others, unless the role manages users.
    """

    needs: Permission | None
    owner: Permission | None = None
    in_person: bool = False
    recent: bool = False
    proven: bool = False


RULES: dict[Action, Rule] = {
    Action.USER_LIST: Rule(Permission.READ, proven=True),
    Action.USER_LIST_PRIVATE: Rule(Permission.MANAGE_USERS),
    Action.USER_READ: Rule(Permission.READ, owner=Permission.READ, proven=True),
    Action.USER_READ_PRIVATE: Rule(Permission.MANAGE_USERS, owner=Permission.READ),
    Action.USER_CREATE: Rule(Permission.MANAGE_USERS),
    Action.USER_SET_PASSWORD: Rule(Permission.MANAGE_USERS, in_person=True),
    Action.USER_UPDATE: Rule(Permission.MANAGE_USERS, owner=Permission.WRITE),
    Action.USER_SET_ROLE: Rule(Permission.MANAGE_USERS, recent=True),
    Action.USER_MANAGE_ADMINS: Rule(Permission.MANAGE_USERS, in_person=True),
    Action.USER_SET_EMAIL: Rule(Permission.MANAGE_USERS, in_person=True, recent=True),
    Action.USER_DELETE: Rule(Permission.MANAGE_USERS, owner=Permission.DELETE),
    Action.USER_RESTORE: Rule(Permission.MANAGE_USERS),
    Action.USER_REMOVE_MFA: Rule(Permission.MANAGE_USERS, in_person=True, recent=True),
    Action.USER_READ_ACTIVITIES: Rule(Permission.MANAGE_USERS, owner=Permission.READ),
    Action.ACCOUNT_SECURE: Rule(None, owner=Permission.WRITE, in_person=True),
    Action.SECOND_FACTOR_MANAGE: Rule(None, owner=Permission.WRITE, in_person=True, recent=True),
    Action.API_KEY_CREATE: Rule(None, owner=Permission.WRITE, in_person=True, recent=True),
    Action.API_KEY_MANAGE: Rule(None, owner=Permission.WRITE, in_person=True),
    Action.CLIENT_CREATE: Rule(Permission.MANAGE_USERS, in_person=True, recent=True),
    Action.CLIENT_MANAGE: Rule(Permission.MANAGE_USERS, in_person=True),
    Action.REPORT_USERS: Rule(Permission.MANAGE_USERS),
    Action.REPORT_ACTIVITIES: Rule(Permission.MANAGE_USERS, owner=Permission.READ),
    Action.JOB_READ: Rule(Permission.MANAGE_USERS, owner=Permission.READ),
    Action.JOB_CANCEL: Rule(Permission.MANAGE_USERS, owner=Permission.WRITE),
    Action.WEBHOOK_READ: Rule(Permission.MANAGE_USERS, owner=Permission.READ),
    Action.WEBHOOK_WRITE: Rule(Permission.MANAGE_USERS, owner=Permission.WRITE),
    Action.WEBHOOK_DELETE: Rule(Permission.MANAGE_USERS, owner=Permission.DELETE),
    Action.WEBHOOK_RECEIVE_ALL: Rule(Permission.MANAGE_USERS),
    Action.POST_CREATE: Rule(Permission.WRITE),
    Action.POST_SET_AUTHOR: Rule(Permission.MANAGE_USERS),
    Action.POST_READ_UNPUBLISHED: Rule(Permission.MANAGE_USERS, owner=Permission.READ),
    Action.POST_UPDATE: Rule(Permission.MANAGE_USERS, owner=Permission.WRITE),
    Action.POST_DELETE: Rule(Permission.DELETE, owner=Permission.DELETE),
    Action.PRODUCT_CREATE: Rule(Permission.WRITE),
    Action.PRODUCT_READ_INACTIVE: Rule(Permission.WRITE),
    Action.PRODUCT_UPDATE: Rule(Permission.WRITE),
    Action.PRODUCT_CHANGE_STOCK: Rule(Permission.WRITE),
    Action.PRODUCT_DELETE: Rule(Permission.DELETE),
    Action.ORDER_PLACE: Rule(None, owner=Permission.WRITE),
    Action.ORDER_READ: Rule(Permission.MANAGE_USERS, owner=Permission.READ),
    Action.ORDER_CANCEL: Rule(Permission.MANAGE_USERS, owner=Permission.WRITE),
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.EDITOR: frozenset({Permission.READ, Permission.WRITE}),
    Role.ADMIN: frozenset(Permission),
}

OWNER_SCOPES = frozenset({Permission.READ, Permission.WRITE, Permission.DELETE})
"""What users may do to their own resources, whatever their role."""


UNPROVEN = "Verify your e-mail address first, with the token that was mailed to you."


class Credential(StrEnum):
    """The type of credential that a caller has authenticated with."""

    SESSION = "session"
    API_KEY = "api_key"
    OAUTH_CLIENT = "oauth_client"


CREDENTIALS = {
    Credential.SESSION: "this session",
    Credential.API_KEY: "this API key",
    Credential.OAUTH_CLIENT: "this OAuth client's token",
}
"""What a sentence calls the one that was sent."""


@dataclass(frozen=True)
class Caller:
    """An authenticated caller.

    Attributes:
        user_id: the user on whose behalf the call is made.
        role: that user's current role.
        session_id: the session that the access token belongs to.
        scopes: the scopes of the credential; they never add to what role and ownership allow.
        credential: the type of credential.
        authenticated_at: Unix time of the last sign-in or reauthentication of the session; 0 for other credentials.
        session_epoch: the user's session epoch when the credential was checked; if it has changed, the session may be
            void.
        credential_epoch: the user's credential epoch at that time; copied to the credentials that the caller creates.
        email_verified: whether the user's e-mail address is verified.
    """

    user_id: str
    role: Role
    session_id: str
    scopes: AbstractSet[str]
    credential: Credential = Credential.SESSION
    authenticated_at: int = 0
    session_epoch: int = 0
    credential_epoch: int = 0
    email_verified: bool = False


def session_scopes(role: Role) -> frozenset[Permission]:
    """Return the scopes of a signed-in user's token: everything that role and ownership allow."""
    return PERMISSIONS[role] | OWNER_SCOPES


def client_scopes(role: Role) -> frozenset[str]:
    """Return the scopes that an OAuth client owned by a user with this role may have."""
    more = {ClientScope.INTROSPECT} if Permission.MANAGE_USERS in PERMISSIONS[role] else set[ClientScope]()
    return session_scopes(role) | more


def lowest(roles: Iterable[Role]) -> Role:
    """Return the role with the fewest permissions. Each role has all permissions of the ones below it."""
    return min(roles, key=lambda role: len(PERMISSIONS[role]))


def may(caller: Caller, action: Action, owner_id: str | None = None) -> bool:
    """Return whether the caller may do this.

    Args:
        caller: the caller.
        action: the requested action.
        owner_id: the owner of the resource; a user is its own owner.
    """
    rule = RULES[action]
    if rule.in_person and caller.credential != Credential.SESSION:
        return False
    if rule.needs in PERMISSIONS[caller.role] and rule.needs in caller.scopes and _is_known(caller, rule):
        return True
    return rule.owner is not None and owner_id == caller.user_id and rule.owner in caller.scopes


def require(caller: Caller, action: Action, owner_id: str | None = None) -> None:
    """Refuse the caller unless `may` allows the action.

    Raises:
        Forbidden: if `may` returns false.
        ReauthenticationRequired: if it is allowed, but the last authentication is too long ago for this action.
    """
    if not may(caller, action, owner_id):
        raise refusal(caller, action, owner_id)
    if RULES[action].recent and not is_recent(caller):
        raise ReauthenticationRequired


def refusal(caller: Caller, action: Action, owner_id: str | None = None) -> Forbidden:
    """Return the error for a caller that may not do this, which names what is missing: the person, a scope or the role.

    Args:
        caller: who asks.
        action: what for.
        owner_id: whose thing it is.
    """
    rule = RULES[action]
    person = replace(caller, credential=Credential.SESSION, scopes=session_scopes(caller.role))
    if not may(person, action, owner_id):
        return Forbidden() if _is_known(caller, rule) else Forbidden(UNPROVEN)
    if rule.in_person and caller.credential != Credential.SESSION:
        return Forbidden(f"This takes a person who has signed in; {CREDENTIALS[caller.credential]} may not do it.")
    scope = rule.owner if rule.owner and owner_id == caller.user_id else rule.needs
    return Forbidden(f"This takes the scope `{scope}`, which {CREDENTIALS[caller.credential]} lacks.")


def _is_known(caller: Caller, rule: Rule) -> bool:
    """Return whether the caller meets a rule's requirement of a verified address; administrators always do."""
    return caller.email_verified or not rule.proven or Permission.MANAGE_USERS in PERMISSIONS[caller.role]


def is_recent(caller: Caller) -> bool:
    """Return whether the session was authenticated recently enough; always true for API keys and clients."""
    age = time.time() - caller.authenticated_at
    return caller.credential != Credential.SESSION or age <= settings().recent_authentication_seconds
