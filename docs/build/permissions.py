"""`docs/permissions.md`: who may do what, asked of the policy itself, cell by cell."""

from pathlib import Path

from docs.build import ROOT
from lamina.access.policy import OWNER_SCOPES, PERMISSIONS, RULES, Action, Caller, Credential, Role, may, session_scopes

INTRODUCTION = """\
# Who may do what

<!-- Made by `make docs` from lamina.access.policy; do not edit. -->

One policy decides for the whole API. A role holds permissions; an owner may do some things to what is theirs, whatever
the role; a user owns itself. The scopes of a credential only ever narrow both: somebody who signs in gets all that role
and owning allow, an API key or an OAuth client the scopes that it was made with, and never more than its owner had at
any time since it was made.

*any*: to whomever it belongs. *own*: only to what is theirs. *no*: never, a 403 (a 404 where not even the existence is
to be known). An account whose e-mail address is not verified sees no other user (`users.list`, `users.read`), unless
its role manages users.
"""

SIGNED_IN = """
## Somebody who is signed in

"""

PROGRAM = """
## An API key or an OAuth client

It acts for its owner, in the lowest role that the owner had since it was made; the columns name that role. Each cell
takes the scope on the right, the first for what is anybody's, the second for what is the owner's; without it, the
answer is a 403 too. What takes a person (`-`) no program may do in any scope.

"""

HELD = """
## Permissions and scopes

"""


def files() -> dict[Path, str]:
    """Give the page."""
    page = f"{INTRODUCTION}{SIGNED_IN}{_signed_in()}{PROGRAM}{_programs()}{HELD}{_permissions()}"
    return {ROOT / "docs" / "permissions.md": page}


def _signed_in() -> str:
    rows = [[f"`{action}`", *(_cell(Credential.SESSION, role, action) for role in Role)] for action in RULES]
    return _table(["action", *Role], rows)


def _programs() -> str:
    return _table(["action", *Role, "scope", "scope for its own"], [_program(action) for action in RULES])


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
    own = f"\nWhat is theirs, owners of any role may {_listed(OWNER_SCOPES)}.\n"
    return _table(["role", "permissions", "scopes of somebody who signs in"], rows) + own


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
