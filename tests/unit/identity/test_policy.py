"""The policy, cell by cell. The table here is written by hand, so that a change of a rule is seen twice."""

from itertools import product

import pytest

from lamina.access.policy import (
    RULES,
    Action,
    Caller,
    Credential,
    Permission,
    Role,
    may,
    refusal,
    require,
    session_scopes,
)
from lamina.errors import Forbidden
from tests.roles import declared

ALICE, BOB = "01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"

ALLOWED: dict[Action, tuple[set[Role], set[Role]]] = {
    # action: who may do it to anybody's, who may do it to their own
    Action.USER_LIST: ({Role.ADMIN, Role.EDITOR, Role.VIEWER}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.USER_LIST_PRIVATE: ({Role.ADMIN}, {Role.ADMIN}),
    Action.USER_READ: ({Role.ADMIN, Role.EDITOR, Role.VIEWER}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.USER_READ_PRIVATE: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.USER_CREATE: ({Role.ADMIN}, {Role.ADMIN}),
    Action.USER_SET_PASSWORD: ({Role.ADMIN}, {Role.ADMIN}),
    Action.USER_MANAGE_ADMINS: ({Role.ADMIN}, {Role.ADMIN}),
    Action.USER_REMOVE_MFA: ({Role.ADMIN}, {Role.ADMIN}),
    Action.USER_UPDATE: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.USER_SET_ROLE: ({Role.ADMIN}, {Role.ADMIN}),
    Action.USER_SET_EMAIL: ({Role.ADMIN}, {Role.ADMIN}),
    Action.USER_DELETE: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.USER_RESTORE: ({Role.ADMIN}, {Role.ADMIN}),
    Action.USER_READ_ACTIVITIES: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.ACCOUNT_SECURE: (set(), {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.SECOND_FACTOR_MANAGE: (set(), {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.API_KEY_CREATE: (set(), {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.CLIENT_CREATE: ({Role.ADMIN}, {Role.ADMIN}),
    Action.API_KEY_MANAGE: (set(), {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.CLIENT_MANAGE: ({Role.ADMIN}, {Role.ADMIN}),
    Action.WEBHOOK_READ: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.WEBHOOK_WRITE: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.WEBHOOK_DELETE: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.WEBHOOK_RECEIVE_ALL: ({Role.ADMIN}, {Role.ADMIN}),
    Action.REPORT_USERS: ({Role.ADMIN}, {Role.ADMIN}),
    Action.REPORT_ACTIVITIES: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.JOB_READ: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
    Action.JOB_CANCEL: ({Role.ADMIN}, {Role.ADMIN, Role.EDITOR, Role.VIEWER}),
}

for _rows in declared("ALLOWED"):
    ALLOWED |= _rows


def caller(role: Role, scopes: frozenset[str] | None = None) -> Caller:
    return Caller(ALICE, role, "session", session_scopes(role) if scopes is None else scopes, email_verified=True)


@pytest.mark.parametrize("action", Action)
def test_every_action_has_a_rule(action: Action) -> None:
    assert action in RULES, f"add a rule for {action} to RULES in layers/core/lamina/access/policy.py"
    assert action in ALLOWED, f"add a row for {action} to ALLOWED in tests/unit/identity/test_policy.py"


@pytest.mark.parametrize(("action", "role"), list(product(ALLOWED, Role)))
def test_a_role_may_do_to_others_what_the_table_says(action: Action, role: Role) -> None:
    assert may(caller(role), action, owner_id=BOB) == (role in ALLOWED[action][0])
    assert may(caller(role), action) == (role in ALLOWED[action][0])


@pytest.mark.parametrize(("action", "role"), list(product(ALLOWED, Role)))
def test_an_owner_may_do_to_its_own_what_the_table_says(action: Action, role: Role) -> None:
    assert may(caller(role), action, owner_id=ALICE) == (role in ALLOWED[action][1])


@pytest.mark.parametrize(("action", "role", "scope"), list(product(ALLOWED, Role, Permission)))
def test_one_scope_allows_no_more_than_the_rule_needs(action: Action, role: Role, scope: Permission) -> None:
    narrow = caller(role, frozenset({scope}))
    rule = RULES[action]
    assert may(narrow, action, owner_id=BOB) == (role in ALLOWED[action][0] and scope == rule.needs)
    if may(narrow, action, owner_id=ALICE):
        assert role in ALLOWED[action][1]
        assert scope in (rule.needs, rule.owner)


@pytest.mark.parametrize(("action", "role"), list(product(RULES, Role)))
def test_without_scopes_nothing_may_be_done(action: Action, role: Role) -> None:
    assert not may(caller(role, frozenset()), action, owner_id=ALICE)


def test_requiring_what_may_not_be_done_is_forbidden() -> None:
    with pytest.raises(Forbidden):
        require(caller(Role.EDITOR), Action.USER_CREATE)


def program(role: Role, *scopes: Permission, credential: Credential = Credential.API_KEY) -> Caller:
    return Caller(ALICE, role, "", frozenset(scopes), credential, email_verified=True)


@pytest.mark.parametrize(
    ("caller", "action", "owner_id", "message"),
    [
        (
            program(Role.EDITOR, Permission.READ),
            Action.USER_UPDATE,
            ALICE,
            "This takes the scope `write`, which this API key lacks.",
        ),
        (
            program(Role.ADMIN, Permission.WRITE),
            Action.USER_CREATE,
            None,
            "This takes the scope `manage_users`, which this API key lacks.",
        ),
        (
            program(Role.ADMIN, credential=Credential.OAUTH_CLIENT),
            Action.USER_LIST,
            None,
            "This takes the scope `read`, which this OAuth client's token lacks.",
        ),
        (
            program(Role.VIEWER, *Permission),
            Action.API_KEY_CREATE,
            ALICE,
            "This takes a person who has signed in; this API key may not do it.",
        ),
        (program(Role.EDITOR, *Permission), Action.CLIENT_CREATE, None, "Your role does not allow this."),
        (program(Role.EDITOR, Permission.READ), Action.USER_UPDATE, None, "Your role does not allow this."),
    ],
)
def test_a_refusal_names_what_is_missing(caller: Caller, action: Action, owner_id: str | None, message: str) -> None:
    with pytest.raises(Forbidden) as refused:
        require(caller, action, owner_id)
    assert refused.value.message == message


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", RULES)
def test_the_scope_that_a_refusal_names_is_what_is_missing(action: Action, role: Role) -> None:
    for owner_id in (ALICE, None):
        if may(program(role, *Permission), action, owner_id):
            message = refusal(program(role), action, owner_id).message
            (scope,) = [scope for scope in Permission if f"`{scope}`" in message]
            assert may(program(role, scope), action, owner_id)


@pytest.mark.parametrize("credential", [Credential.API_KEY, Credential.OAUTH_CLIENT])
@pytest.mark.parametrize("action", [action for action, rule in RULES.items() if rule.in_person])
def test_what_takes_a_person_no_program_may_do(action: Action, credential: Credential) -> None:
    program = Caller(ALICE, Role.ADMIN, "", session_scopes(Role.ADMIN), credential)
    assert not may(program, action, owner_id=ALICE)
