"""Whatever somebody and a thief do with sessions and refresh tokens, in whatever order: what is over stays over.

A model keeps which sessions live and which token of each is the current one; after each step the system agrees with it.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from lamina.events.request_context import RequestContext
from lamina.identity.accounts import service as accounts
from lamina.identity.items import SessionItem, session_key
from lamina.identity.sessions.service import SignInContext
from lamina.identity.sessions.token_issuing import renew
from lamina.users import service as users
from lamina.users.service import NewUser
from tests.support.aws import Api, call_table, table_definition
from tests.support.people import begin_session, use

CONTEXT = RequestContext(None, "test")
HERE = SignInContext("203.0.113.7", "tests")


class Login:
    """One session as the model has it."""

    def __init__(self, session_id: str, access: str, refresh: str) -> None:
        self.id, self.access, self.current = session_id, access, refresh
        self.spent: list[str] = []
        self.is_repeatable = False
        self.lives = True


class Sessions(RuleBasedStateMachine):
    logins = Bundle("logins")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Login] = []
        call_table("CreateTable", **table_definition())

    def teardown(self) -> None:
        call_table("DeleteTable")

    @initialize()
    def somebody(self) -> None:
        self.user = users.create(NewUser(email="ann@example.com", username="ann", name="Ann"), CONTEXT)

    @rule(target=logins)
    def begin(self) -> Login:
        user = users.get(self.user.id)
        opened = begin_session(user, HERE)
        login = Login(opened.id, renew(user, opened.id), opened.refresh_token)
        self.all.append(login)
        return login

    @rule(login=logins)
    def use_the_current_token(self, login: Login) -> None:
        answer = use(login.current)
        assert answer.status == (200 if login.lives else 401)
        if login.lives:
            login.spent.append(login.current)
            login.is_repeatable = True
            login.current, login.access = answer.data["refresh_token"], answer.data["access_token"]

    @rule(login=logins)
    @precondition(lambda self: any(login.spent for login in self.all))
    def use_the_token_before(self, login: Login) -> None:
        if login.spent and login.lives and login.is_repeatable:
            assert use(login.spent[-1]).data["refresh_token"] == login.current
        elif login.spent:
            assert use(login.spent[-1]).status == 401
            login.lives = False

    @rule()
    def let_time_pass(self) -> None:
        for login in self.all:
            if login.lives and login.is_repeatable:
                session = SessionItem.get(*session_key(self.user.id, login.id))
                session.repeatable_until = 0
                session.save()
                login.is_repeatable = False

    @rule(login=logins)
    @precondition(lambda self: any(len(login.spent) > 1 for login in self.all))
    def use_the_first_token(self, login: Login) -> None:
        if len(login.spent) > 1:
            assert use(login.spent[0]).status == 401
            login.lives = False

    @rule(login=logins)
    def log_out(self, login: Login) -> None:
        answer = Api(token=login.access).post("/v1/auth/logout")
        assert answer.status == (204 if login.lives else 401)
        login.lives = False

    @rule(one=logins, other=logins)
    def end_from_another(self, one: Login, other: Login) -> None:
        answer = Api(token=one.access).delete(f"/v1/auth/sessions/{other.id}")
        assert answer.status in ((204, 404) if one.lives else (401,))
        if other.lives and one.lives:
            assert answer.status == 204
            other.lives = False

    @rule()
    def end_all(self) -> None:
        accounts.end_all_sessions(self.user.id, CONTEXT)
        for login in self.all:
            login.lives = False

    @rule()
    def suspend_and_bring_back(self) -> None:
        for status in ("suspended", "active"):
            users.update(self.user.id, {"status": status}, CONTEXT, if_version=lambda _: True)
        for login in self.all:
            login.lives = False

    @invariant()
    def the_system_agrees(self) -> None:
        for login in self.all[-4:]:
            status = Api(token=login.access).get("/v1/auth/sessions").status
            assert status == (200 if login.lives else 401)
        living = [login for login in self.all if login.lives]
        if living:
            listed = Api(token=living[0].access).get("/v1/auth/sessions?limit=100").data
            assert {session["id"] for session in listed} == {login.id for login in living}


TestSessions = pytest.mark.exhaustive(pytest.mark.usefixtures("moto_services")(Sessions.TestCase))
TestSessions.settings = settings(
    max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
