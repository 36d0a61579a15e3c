"""`docs/permissions.md`: who may do what, asked of the policy itself, cell by cell."""

from pathlib import Path

from docs.build import ROOT
from lamina.access.policy import OWNER_SCOPES, PERMISSIONS, RULES, Action, Caller, Credential, Role, may, session_scopes

INTRODUCTION = """\
# Who may do what

<!-- Made by `make docs` from lamina.access.policy; do not edit. -->

One policy authorizes every request. A role grants permissions. Owners may perform some actions on their own resources,
whatever their role; a user owns itself. Scopes of a credential only narrow this: a session has all rights of the role
and of ownership; an API key or OAuth client has the scopes that it was created with, and never more rights than its
owner had at any time since.

*any*: allowed on every resource. *own*: allowed on the caller's own resources. *no*: 403 (404 if the caller must not
learn that the resource exists). An account whose e-mail address is not verified sees no other users (`users.list`,
`users.read`), unless its role manages users.
"""

SIGNED_IN = """
## Sessions

"""

PROGRAM = """
## API keys and OAuth clients

They act for their owner, with the lowest role that the owner had since the credential was created; the columns name
this role. Each action requires the scope on the right: the first for resources of others, the second for own resources;
without it, the response is 403 too. Actions marked `-` require a person: no scope allows them.

"""

HELD = """
## Permissions and scopes

"""


def files() -> dict[Path, str]:
    """Return the page."""
    page = f"{INTRODUCTION}{SIGNED_IN}{_signed_in()}{PROGRAM}{_programs()}{HELD}{_permissions()}"
    return {ROOT / "docs" / "permissions.md": page}


def _signed_in() -> str:
    rows = [[f"`{action}`", *(_cell(Credential.SESSION, role, action) for role in Role)] for action in RULES]
    return _table(["action", *Role], rows)


def _programs() -> str:
    return _table(["action", *Role, "scope", "scope for own resources"], [_program(action) for action in RULES])


def _program(action: Action) -> list[str]:
    rule = RULES[action]
    cells = [f"`{action}`", *(_cell(Credential.API_KEY, role, action) for role in Role)]
    if rule.in_person:
        return [*cells, "-", "-"]
    return [*cells, *(f"`{scope}`" if scope else "" for scope in (rule.needs, rule.owner))]


def _cell(credential: Credential, role: Role, action: Action) -> str:
    caller = Caller("somebody", role, "session", session_scopes(role), credential, email_verified=True)
    if may(caller, action, owner_id="somebody else"):
        return "any"
    return "own" if may(caller, action, owner_id="somebody") else "no"


def _permissions() -> str:
    rows = [[role, _listed(held), _listed(session_scopes(role))] for role, held in PERMISSIONS.items()]
    own = f"\nOn their own resources, owners of any role have {_listed(OWNER_SCOPES)}.\n"
    return _table(["role", "permissions", "scopes of a session"], rows) + own


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
