"""The one policy: roles hold permissions, owners hold what is theirs, scopes only ever narrow both.

Every decision of the API is a row of `RULES`, so that the whole matrix can be read, printed and tried.
"""

import time
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum

from lamina.errors import Forbidden, ReauthenticationRequired
from lamina.settings import settings


class Role(StrEnum):
    """What a user is to the system."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What a role may do to things that are not its own; also the names of the scopes."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    MANAGE_USERS = "manage_users"


class ClientScope(StrEnum):
    """The scopes of OAuth clients: the permissions, and what only a resource server does."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    MANAGE_USERS = "manage_users"
    INTROSPECT = "introspect"
    """Introspect the tokens of others too (RFC 7662). No token is issued for it."""


class Action(StrEnum):
    """What a caller may ask for."""

    USER_LIST = "users.list"
    USER_LIST_PRIVATE = "users.list_private"
    """List, filter, sort and search by what a public profile hides."""
    USER_READ = "users.read"
    """The public profile."""
    USER_READ_PRIVATE = "users.read_private"
    """The whole user."""
    USER_CREATE = "users.create"
    USER_SET_PASSWORD = "users.set_password"  # noqa: S105 (an action, not a password)
    """Create a user together with a password."""
    USER_UPDATE = "users.update"
    USER_SET_ROLE = "users.set_role"
    """Set role and status, and create users with another role than viewer."""
    USER_MANAGE_ADMINS = "users.manage_admins"
    """Create, promote, demote, suspend, delete or restore an administrator."""
    USER_SET_EMAIL = "users.set_email"
    """Set another user's address, through which its password can be reset, without a proof; or vouch for it."""
    USER_DELETE = "users.delete"
    USER_RESTORE = "users.restore"
    USER_REMOVE_MFA = "users.remove_mfa"
    """Remove a second factor without a code of it."""
    USER_READ_ACTIVITIES = "users.read_activities"
    """What has happened to the user, and from whose hand."""
    ACCOUNT_SECURE = "account.secure"
    """Change the password, prove who one is again, see and end sessions."""
    SECOND_FACTOR_MANAGE = "second_factor.manage"
    """Enrol, activate and disable the second factor."""
    API_KEY_CREATE = "api_keys.create"
    API_KEY_MANAGE = "api_keys.manage"
    """See and revoke API keys of one's own."""
    CLIENT_CREATE = "oauth_clients.create"
    CLIENT_MANAGE = "oauth_clients.manage"
    """See and remove OAuth clients."""
    REPORT_USERS = "reports.users"
    """Have all users written to a file."""
    REPORT_ACTIVITIES = "reports.activities"
    """Have what has happened to a user written to a file."""
    JOB_READ = "jobs.read"
    JOB_CANCEL = "jobs.cancel"
    WEBHOOK_READ = "webhooks.read"
    """See webhooks and their deliveries."""
    WEBHOOK_WRITE = "webhooks.write"
    """Make and change webhooks, try them, have them told again."""
    WEBHOOK_DELETE = "webhooks.delete"
    WEBHOOK_HEAR_ALL = "webhooks.hear_all"
    """Have a webhook that is told of everybody's events."""


@dataclass(frozen=True)
class Rule:
    """What an action takes.

    Attributes:
        needs: the permission that allows it on anything; None where no role has it on others' things.
        owner: the scope in which the owner may do it to what is theirs; None where owning does not help.
        in_person: whether it takes somebody who has signed in: no API key and no OAuth client may.
        recent: whether a session must have been authenticated recently. Keys and clients have no such moment: what they
            must not do at all is `in_person`.
        proven: whether it takes a proven e-mail address on what is others', unless the role manages users.
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
    Action.WEBHOOK_HEAR_ALL: Rule(Permission.MANAGE_USERS),
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.EDITOR: frozenset({Permission.READ, Permission.WRITE}),
    Role.ADMIN: frozenset(Permission),
}

OWNER_SCOPES = frozenset({Permission.READ, Permission.WRITE, Permission.DELETE})
"""What a person may do to what is theirs, whatever the role."""


UNPROVEN = "Verify your e-mail address first, by the token that was mailed to you."


class Credential(StrEnum):
    """What a caller has proven itself with."""

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
    """Somebody who asks, as the authorizer has established.

    Attributes:
        user_id: whose behalf the call is on.
        role: that user's role now.
        session_id: the login that the access token belongs to.
        scopes: what the credential may be used for; never widens what the role and owning allow.
        credential: what the caller has proven itself with.
        authenticated_at: Unix seconds of the last sign-in or reauthentication of the session; 0 for other credentials.
        session_epoch: the user's when the credential was checked: another one later means that it may be void.
        credential_epoch: the user's when the credential was checked; what the caller creates is of this epoch.
        email_verified: whether the user has proven its e-mail address.
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
    """Tell the scopes of a token that a person gets by signing in: all that the role and owning allow."""
    return PERMISSIONS[role] | OWNER_SCOPES


def client_scopes(role: Role) -> frozenset[str]:
    """Return the scopes that an OAuth client of somebody with this role may have."""
    more = {ClientScope.INTROSPECT} if Permission.MANAGE_USERS in PERMISSIONS[role] else set[ClientScope]()
    return session_scopes(role) | more


def lowest(roles: Iterable[Role]) -> Role:
    """Return the role that may least; each role may all that the ones below it may."""
    return min(roles, key=lambda role: len(PERMISSIONS[role]))


def may(caller: Caller, action: Action, owner_id: str | None = None) -> bool:
    """Decide whether the caller may do this.

    Args:
        caller: who asks.
        action: what for.
        owner_id: whose thing it is; a user is its own owner.
    """
    rule = RULES[action]
    if rule.in_person and caller.credential != Credential.SESSION:
        return False
    if rule.needs in PERMISSIONS[caller.role] and rule.needs in caller.scopes and _is_known(caller, rule):
        return True
    return rule.owner is not None and owner_id == caller.user_id and rule.owner in caller.scopes


def require(caller: Caller, action: Action, owner_id: str | None = None) -> None:
    """Let the caller pass, or refuse.

    Raises:
        Forbidden: when `may` says no.
        ReauthenticationRequired: when it may, but has authenticated too long ago for this action.
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
    """Return whether the caller's address is as proven as a rule wants it; administrators manage all the same."""
    return caller.email_verified or not rule.proven or Permission.MANAGE_USERS in PERMISSIONS[caller.role]


def is_recent(caller: Caller) -> bool:
    """Return whether the session was authenticated within the time that the settings give; always true of programs."""
    age = time.time() - caller.authenticated_at
    return caller.credential != Credential.SESSION or age <= settings().recent_authentication_seconds
