"""Accounts of tests: people who sign in through the API, the clock they live by, and what they are sent and told of."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from argon2 import PasswordHasher
from botocore.client import BaseClient

from lamina.access.policy import Role
from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import passwords
from lamina.identity.sessions import service as sessions
from lamina.identity.sessions.service import NewSession, SignInContext
from lamina.identity.tokens import access_tokens
from lamina.mail import service as mail
from lamina.storage import list_cursors, transactions
from lamina.storage.transport import DynamoDb
from lamina.users import service as users
from lamina.users.model import User
from tests.support.aws import PASSWORD, Answer, Api, make_user

STEP_SECONDS = 30
CONTEXT = RequestContext(None, "test")


@dataclass
class Person:
    """Somebody with an account, signed in by one session."""

    user: User
    api: Api
    refresh_token: str
    codes: list[str] = field(default_factory=list)
    """Recovery codes that are left."""
    secret: str = ""

    @property
    def id(self) -> str:
        return self.user.id

    def is_signed_in(self) -> bool:
        """Whether the session is good."""
        return self.api.get("/v1/users/me").status == 200

    def refresh(self) -> Answer:
        """Use the refresh token, and keep the new tokens."""
        answer = use(self.refresh_token)
        if answer.status == 200:
            self.refresh_token, self.api.token = answer.data["refresh_token"], answer.data["access_token"]
        return answer

    def enroll(self) -> None:
        """Have a second factor from now on; the code of this moment is spent by it."""
        self.secret = self.api.post("/v1/auth/mfa/enroll").data["secret"]
        answer = self.api.post("/v1/auth/mfa/activate", {"code": self.code()})
        assert answer.status == 200, answer.body
        self.codes = list(answer.data["recovery_codes"])

    def code(self, steps: int = 0) -> str:
        """The authenticator's code so many steps from now."""
        return pyotp.TOTP(self.secret).generate_otp(int(time.time()) // STEP_SECONDS + steps)

    def mfa_token(self) -> str:
        """Pass the first step of signing in."""
        answer = login(self.user.email)
        assert answer.error["code"] == "MFA_REQUIRED", answer.body
        return str(answer.error["mfa_token"])


def login(email: str, password: str = PASSWORD, *, address: str = "203.0.113.7", cookie: str = "") -> Answer:
    """Try to sign in."""
    headers = {"Cookie": cookie} if cookie else {}
    return Api(address).post("/v1/auth/login", {"email": email, "password": password}, headers=headers)


def use(refresh_token: str) -> Answer:
    """Try a refresh token."""
    return Api().post("/v1/auth/refresh", {"refresh_token": refresh_token})


def prove(mfa_token: str, code: str, *, address: str = "203.0.113.7") -> Answer:
    """Try the second step of signing in."""
    return Api(address).post("/v1/auth/mfa/verify", {"mfa_token": mfa_token, "code": code})


def again(user: User, password: str = PASSWORD) -> Person:
    """Another session of a user."""
    answer = login(user.email, password)
    assert answer.status == 200, answer.body
    return Person(user, Api(token=answer.data["access_token"]), answer.data["refresh_token"])


def verified(user: User) -> User:
    """The user, with an address that somebody has vouched for."""
    return users.update(user.id, {"email_verified": True}, CONTEXT, if_version=lambda _: True)


def person(username: str, role: Role = Role.VIEWER) -> Person:
    """Somebody new, signed in."""
    return again(make_user(username, role))


def begin_session(user: User, sign_in_context: SignInContext) -> NewSession:
    """A session, without signing in."""
    session = sessions.new_session(user, sign_in_context, RequestContext(user.id, "test"))
    transactions.write(put=session.items)
    return session


def activities(user_id: str) -> list[str]:
    """The types of a user's events, oldest first."""
    return [item.event_type for item in events_of(user_id)]


def events_of(user_id: str) -> list[OutboxItem]:
    """A user's events, oldest first."""
    return list(OutboxItem.query(f"USER#{user_id}", OutboxItem.sk.startswith("EVENT#")))


class Clock:
    """The time that the code reads with `time.time`: it stands still, and moves when a test says so."""

    def __init__(self) -> None:
        self.now = float(int(time.time()))

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still."""
    stopped = Clock()
    monkeypatch.setattr(time, "time", lambda: stopped.now)
    return stopped


class Mailbox:
    """What the mail consumer sends when it is given the events that have been written since the last look."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Mapping[str, str]]] = []
        self._seen: set[str] = set()

    def send(self, to: str, _: str, template: str, values: Mapping[str, str]) -> None:
        """Take what would go to SES."""
        self.sent.append((to, template, values))

    def deliver(self) -> None:
        """Do what the consumer would."""
        for item in OutboxItem.scan(OutboxItem.sk.startswith("EVENT#"), consistent_read=True):
            if item.event_id not in self._seen:
                self._seen.add(item.event_id)
                mail.follow(envelope(item))

    def token(self, to: str, template: str) -> str:
        """The token in the newest mail of a kind."""
        self.deliver()
        link = next(values["link"] for who, kind, values in reversed(self.sent) if (who, kind) == (to, template))
        return parse_qs(urlsplit(link).query)["token"][0]

    def count(self, to: str, template: str) -> int:
        """How many mails of a kind somebody was sent."""
        self.deliver()
        return sum((who, kind) == (to, template) for who, kind, _ in self.sent)


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """Mails, caught before SES."""
    box = Mailbox()
    monkeypatch.setattr(mail, "send", box.send)
    return box


class Work:
    """What a request costs: calls of AWS by operation, and password hashes."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def of(self, request: Callable[[], Answer]) -> tuple[Answer, dict[str, int]]:
        """Do a request, and return its answer and its cost."""
        self.counts.clear()
        return request(), dict(self.counts)


@pytest.fixture
def work(aws: None, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Work:  # noqa: ARG001 (they must be there)
    """Count the work of requests to a process that has fetched what a process fetches once, whatever ran before.

    The clock stands still: a window that slides between two requests would take a write more of one of them.
    """
    access_tokens.key_set()
    list_cursors._signer()
    counter = Work()
    call, hasher = BaseClient._make_api_call, passwords._hasher  # type: ignore[attr-defined]  # every client calls it
    call_table = DynamoDb._make_api_call

    def count_call(client: BaseClient, operation: str, parameters: object) -> object:
        counter.counts[operation] += 1
        return call(client, operation, parameters)

    def count_table_call(client: DynamoDb, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        counter.counts[operation] += 1
        return call_table(client, operation, parameters)

    class CountingHasher:
        def verify(self, kept: str, password: str) -> bool:
            counter.counts["hash"] += 1
            return hasher.verify(kept, password)

        def hash(self, password: str) -> str:
            counter.counts["hash"] += 1
            return hasher.hash(password)

        def check_needs_rehash(self, kept: str) -> bool:
            return hasher.check_needs_rehash(kept)

    monkeypatch.setattr(BaseClient, "_make_api_call", count_call)
    monkeypatch.setattr(DynamoDb, "_make_api_call", count_table_call)
    monkeypatch.setattr(passwords, "_hasher", CountingHasher())
    return counter


QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOBODYS = QUICK.hash("nobody")


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with the smallest parameters, for all in this process: hundreds of tests sign somebody in.

    What runs as its own process, as in the end-to-end tests, and the tests of passwords have the real ones.
    """
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    monkeypatch.setattr(passwords, "NOBODYS", NOBODYS)


@pytest.fixture
def security_log(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """The security events that were logged so far."""
    return lambda: [vars(record) for record in caplog.records if hasattr(record, "security_event")]
