"""What holds of accounts when many try the same at the same time, on every engine."""

import time
from collections import Counter

import pyotp
import pytest
from pydantic import SecretStr

from lamina.access.policy import Permission, Role
from lamina.errors import LaminaError, Unauthenticated
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import email_change_requests, email_changes, password_changes, registration
from lamina.identity.accounts import service as accounts
from lamina.identity.accounts.password_changes import PasswordChange
from lamina.identity.accounts.passwords import verify_password
from lamina.identity.accounts.schemas import EmailChangeInput
from lamina.identity.credentials import api_keys, second_factor
from lamina.identity.items import FormerEmailItem, RefreshTokenItem, SessionItem, session_key
from lamina.identity.sessions import service as sessions
from lamina.identity.sessions import sign_in
from lamina.identity.sessions.service import SignInContext
from lamina.identity.sessions.token_issuing import SignedIn, refresh_session
from lamina.identity.tokens import access_tokens, one_time_tokens
from lamina.identity.tokens.one_time_tokens import Purpose
from lamina.limits import rules, window
from lamina.limits.rules import LoginAttempt
from lamina.limits.window import Limit, LimitReached
from lamina.settings import settings
from lamina.storage import transactions
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.service import NewUser
from tests.integration.crowd import CROWD, at_once
from tests.support.callers import in_session
from tests.support.people import begin_session

pytestmark = pytest.mark.usefixtures("table")

CONTEXT = RequestContext(None, "test")
PASSWORD = SecretStr("Correct-horse-1")


def sign_in_context(number: int) -> SignInContext:
    """Somewhere else for each, so that no limit of an address is in the way."""
    return SignInContext(f"203.0.113.{number}", "tests")


def uncounted(_: str) -> None:
    """No limit of requests is in the way."""


def outcomes(results: list[object]) -> Counter[str]:
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, LaminaError):
            raise result
    return Counter(result.code if isinstance(result, LaminaError) else "done" for result in results)


def events(user: User, event_type: str) -> int:
    found = OutboxItem.query(f"USER#{user.id}", OutboxItem.sk.startswith("EVENT#"))
    return sum(item.event_type == event_type for item in found)


@pytest.fixture
def ann(table: object) -> User:  # noqa: ARG001 (the table must be there)
    new = NewUser(email="ann@example.com", username="ann", name="Ann", role=Role.VIEWER)
    return registration.register(new, PASSWORD, CONTEXT)


@pytest.fixture(autouse=True)
def room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd of sign-ins is under way at once, and each is counted until it has succeeded."""
    monkeypatch.setattr(rules, "ACCOUNT", Limit("failures_of_account", 10_000))


def test_many_sign_ins_at_once_all_succeed_each_with_a_session_of_its_own(ann: User) -> None:
    def once(number: int) -> SignedIn:
        return sign_in.sign_in(ann.email, PASSWORD, sign_in_context(number), CONTEXT)

    results = at_once(once)
    assert outcomes([*results]) == {"done": CROWD}
    tokens = {result.refresh_token for result in results if isinstance(result, SignedIn)}
    assert len(tokens) == CROWD
    assert len(list(SessionItem.query(f"USER#{ann.id}", SessionItem.sk.startswith("SESSION#")))) == CROWD
    assert events(ann, "session.started") == CROWD


def test_many_uses_of_one_refresh_token_at_once_end_no_session_and_all_get_the_same_next_one(
    ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = begin_session(ann, sign_in_context(0))
    results = at_once(lambda _: refresh_session(opened.refresh_token, uncounted, CONTEXT))
    assert outcomes([*results]) == {"done": CROWD}
    renewed = [result for result in results if isinstance(result, SignedIn)]
    assert all(sessions.find_active(access_tokens.verify(result.access_token)) for result in renewed)
    (following,) = {result.refresh_token for result in renewed}
    assert len(list(RefreshTokenItem.scan())) == 2  # the spent one and its one successor
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + settings().refresh_repeat_seconds)
    with pytest.raises(Unauthenticated):
        refresh_session(opened.refresh_token, uncounted, CONTEXT)
    with pytest.raises(Unauthenticated):
        refresh_session(following, uncounted, CONTEXT)
    assert events(ann, "refresh_token.reused") == 1


def test_of_many_resets_with_one_token_one_succeeds(ann: User) -> None:
    token = one_time_tokens.new_token(
        Purpose.RESET_PASSWORD, ann.id, accounts.binding(ann, accounts.credentials_of(ann.id))
    )
    transactions.write(put=[token.item])
    results = at_once(
        lambda number: password_changes.reset_password(token.text, SecretStr(f"Horse-number-{number}"), CONTEXT)
    )
    counted = outcomes([*results])
    assert counted["done"] == 1
    assert set(counted) <= {"done", "INVALID_TOKEN", "CONFLICT"}
    assert events(ann, "password.reset") == 1
    winner = next(number for number, result in enumerate(results) if result is None)
    sign_in.sign_in(ann.email, SecretStr(f"Horse-number-{winner}"), sign_in_context(0), CONTEXT)


def test_a_reset_and_changes_of_the_password_at_once_leave_one_password_and_no_session_of_before(ann: User) -> None:
    token = one_time_tokens.new_token(
        Purpose.RESET_PASSWORD, ann.id, accounts.binding(ann, accounts.credentials_of(ann.id))
    )
    transactions.write(put=[token.item])
    caller = in_session(ann)

    def act(number: int) -> None:
        new = SecretStr(f"Horse-number-{number}")
        if number == 0:
            password_changes.reset_password(token.text, new, CONTEXT)
        else:
            change = PasswordChange(PASSWORD, new)
            password_changes.change_password(ann, caller.session_id, change, f"203.0.113.{number}", CONTEXT)

    results = at_once(act)
    counted = outcomes([*results])
    assert counted["done"] == 1
    assert set(counted) <= {"done", "INVALID_TOKEN", "UNAUTHENTICATED", "WRONG_PASSWORD", "CONFLICT", "RATE_LIMITED"}
    winner = next(number for number, result in enumerate(results) if result is None)
    assert credentials_fit(ann, SecretStr(f"Horse-number-{winner}"))
    user = users.get(ann.id)
    session = SessionItem.get(*session_key(ann.id, caller.session_id))
    assert sessions.in_order(session, user) == (winner != 0)


def credentials_fit(user: User, password: SecretStr) -> bool:
    credentials = accounts.credentials_of(user.id)
    return credentials is not None and bool(verify_password(credentials.password_hash, password))


def test_a_key_that_is_made_while_the_address_is_proven_is_void_or_refused(ann: User) -> None:
    token = one_time_tokens.new_token(Purpose.VERIFY_EMAIL, ann.id, ann.email)
    transactions.write(put=[token.item])
    caller = in_session(ann)
    texts: list[str] = []

    def act(number: int) -> None:
        if number == 0:
            accounts.verify_email(token.text, CONTEXT)
        else:
            texts.append(api_keys.create(caller, "ci", [Permission.READ], None, CONTEXT)[1])

    counted = outcomes(at_once(act))
    assert set(counted) <= {"done", "UNAUTHENTICATED", "CONFLICT"}
    if users.get(ann.id).email_verified:
        assert not any(map(api_keys.prove, texts))


def test_of_many_uses_of_one_verification_one_succeeds(ann: User) -> None:
    token = one_time_tokens.new_token(Purpose.VERIFY_EMAIL, ann.id, ann.email)
    transactions.write(put=[token.item])
    counted = outcomes(at_once(lambda _: accounts.verify_email(token.text, CONTEXT)))
    assert counted["done"] == 1
    assert set(counted) <= {"done", "INVALID_TOKEN", "CONFLICT"}
    assert events(ann, "email.verified") == 1


@pytest.mark.parametrize("is_verified", [True, False])
def test_of_many_uses_of_one_link_to_sign_in_one_begins_a_session(ann: User, is_verified: bool) -> None:
    if is_verified:
        ann = users.update(ann.id, {"email_verified": True}, CONTEXT, if_version=lambda _: True)
    token = one_time_tokens.new_token(Purpose.SIGN_IN, ann.id, accounts.binding(ann, accounts.credentials_of(ann.id)))
    transactions.write(put=[token.item])
    results = at_once(lambda number: sign_in.redeem_link(token.text, sign_in_context(number), CONTEXT), 8)
    counted = outcomes([*results])
    assert counted["done"] == 1
    assert set(counted) <= {"done", "INVALID_TOKEN", "UNAUTHENTICATED", "CONFLICT"}
    (won,) = [result for result in results if isinstance(result, SignedIn)]
    assert sessions.find_active(access_tokens.verify(won.access_token))
    assert events(ann, "email.verified") <= 1


def mfa_tokens(user: User) -> list[str]:
    """The first step passed so many times."""
    bound_to = sign_in._binding(user, sign_in._read(user.id))
    made = [one_time_tokens.new_token(Purpose.SECOND_FACTOR, user.id, bound_to) for _ in range(CROWD)]
    transactions.write(put=[token.item for token in made])
    return [token.text for token in made]


def enroll(user: User) -> tuple[str, list[str]]:
    caller = in_session(user)
    secret = second_factor.enroll(user, caller).secret
    step = int(time.time()) // 30
    return secret, second_factor.activate(caller, pyotp.TOTP(secret).generate_otp(step - 1), CONTEXT)


@pytest.mark.parametrize("kind", ["recovery code", "code of now"])
def test_of_many_who_sign_in_with_one_code_one_succeeds(ann: User, kind: str) -> None:
    secret, codes = enroll(ann)
    code = codes[0] if kind == "recovery code" else pyotp.TOTP(secret).now()
    tokens = mfa_tokens(ann)
    results = at_once(
        lambda number: sign_in.prove_second_factor(tokens[number], code, sign_in_context(number), CONTEXT)
    )
    counted = outcomes([*results])
    assert counted["done"] == 1
    assert set(counted) <= {"done", "UNAUTHENTICATED", "CONFLICT"}
    assert events(ann, "session.started") == 1 + 1  # the one that enrolled, and this
    item = second_factor.find(ann.id)
    assert item is not None
    assert len(item.recovery) == (9 if kind == "recovery code" else 10)


def test_of_many_uses_of_one_first_step_one_succeeds_though_each_code_is_another(ann: User) -> None:
    _, codes = enroll(ann)
    token = mfa_tokens(ann)[0]
    results = at_once(
        lambda number: sign_in.prove_second_factor(token, codes[number], sign_in_context(number), CONTEXT), 10
    )
    assert outcomes([*results])["done"] == 1


def test_a_key_that_is_used_and_revoked_at_once_is_revoked(ann: User) -> None:
    caller = in_session(ann)
    made, text = api_keys.create(caller, "ci", [], None, CONTEXT)

    def act(number: int) -> object:
        if number % 4:
            return api_keys.prove(text)
        api_keys.revoke(caller, made.id, CONTEXT)
        return None

    assert set(outcomes(at_once(act, 16))) <= {"done", "NOT_FOUND", "CONFLICT"}
    assert api_keys.prove(text) is None
    assert events(ann, "api_key.revoked") == 1


def test_sessions_that_begin_while_all_are_ended_are_over_or_newer(ann: User) -> None:
    def act(number: int) -> object:
        if number == 0:
            accounts.end_all_sessions(ann.id, CONTEXT)
            return None
        return sign_in.sign_in(ann.email, PASSWORD, sign_in_context(number), CONTEXT)

    assert set(outcomes(at_once(act, 8))) <= {"done", "CONFLICT"}
    accounts.end_all_sessions(ann.id, CONTEXT)
    user = sign_in.sign_in(ann.email, PASSWORD, sign_in_context(0), CONTEXT).user
    listed = sessions.list_sessions(user, 100, None).items
    assert len(listed) == 1


THREADS = 64


def test_not_one_too_many_passes_a_window_under_many_threads() -> None:
    limit = Limit("test", 40)
    results = at_once(lambda _: window.spend(limit, "ann"), THREADS)
    passed = [result for result in results if not isinstance(result, Exception)]
    assert {type(result) for result in results if isinstance(result, Exception)} == {LimitReached}
    assert sorted(quota.remaining for quota in passed) == list(range(40))


def test_not_one_too_many_passes_while_the_window_moves_on(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = Limit("test", 40)
    begun = float(int(time.time()))
    monkeypatch.setattr(time, "time", lambda: begun)
    for _ in range(10):
        window.spend(limit, "ann")
    # Each thread finds the slot moved on, and half of them reads a clock that is a slot behind.
    ticks = iter([begun + limit.slot_seconds * (1 + tick % 2) for tick in range(100_000)])
    monkeypatch.setattr(time, "time", lambda: next(ticks))
    results = at_once(lambda _: window.spend(limit, "ann"), THREADS)
    assert sum(not isinstance(result, Exception) for result in results) == 30
    assert {type(result) for result in results if isinstance(result, Exception)} == {LimitReached}


def _fail(_: int) -> None:
    LoginAttempt("ann@example.com", "203.0.113.7").begin()


def test_of_many_tries_at_once_five_are_made() -> None:
    # Fewer than the address may fail: while more than that are under way, a good try can be refused for its address.
    many = settings().failures_of_address - 1
    assert outcomes([*at_once(_fail, many)]) == {"done": 5, "RATE_LIMITED": many - 5}


def test_of_more_tries_than_the_address_has_no_more_than_five_are_made() -> None:
    made = outcomes([*at_once(_fail, THREADS)])
    assert made["done"] <= 5
    assert set(made) <= {"done", "RATE_LIMITED"}


NEW, NEWER = "ann@example.org", "ann@example.net"


@pytest.fixture
def proven(ann: User) -> User:
    """Somebody who has proven the address."""
    return users.update(ann.id, {"email_verified": True}, CONTEXT, if_version=lambda _: True)


def confirmation(user: User, email: str = NEW) -> str:
    """Ask for another address, and return the token that is mailed there."""
    change = EmailChangeInput(email=email, current_password=PASSWORD)
    email_change_requests.request_change(in_session(user), change, "203.0.113.7", CONTEXT)
    waiting = email_changes.waiting(user.id)
    assert waiting
    return stored_token(Purpose.CONFIRM_EMAIL, user, waiting.change_id)


def undoing(user: User) -> str:
    """Move a user to another address, and return the token that is mailed to the former one."""
    email_changes.confirm(confirmation(user), CONTEXT)
    (former,) = FormerEmailItem.query(f"USER#{user.id}", FormerEmailItem.sk.startswith("FORMER_EMAIL#"))
    return stored_token(Purpose.UNDO_EMAIL_CHANGE, user, former.sk.partition("#")[2])


def stored_token(purpose: Purpose, user: User, bound_to: str) -> str:
    token = one_time_tokens.new_token(purpose, user.id, bound_to)
    transactions.write(put=[token.item])
    return token.text


def test_of_many_confirmations_with_one_token_one_succeeds(proven: User) -> None:
    token = confirmation(proven)
    results = at_once(lambda _: email_changes.confirm(token, CONTEXT))
    assert outcomes([*results]) == {"done": 1, "INVALID_TOKEN": CROWD - 1}
    assert users.get(proven.id).email == NEW
    assert events(proven, "email.changed") == events(proven, "email.released") == 1


def test_an_address_goes_to_one_of_those_who_confirm_it_and_those_who_register_it(proven: User) -> None:
    token = confirmation(proven)

    def take(number: int) -> None:
        if number % 2:
            email_changes.confirm(token, CONTEXT)
        else:
            registration.register(NewUser(email=NEW, username=f"other{number}", name="Other"), None, CONTEXT)

    counted = outcomes([*at_once(take)])
    assert counted["done"] == 1
    assert counted["done"] + counted["EMAIL_TAKEN"] + counted["INVALID_TOKEN"] == CROWD
    owner = users.find_by_email(NEW)
    assert owner
    assert users.get(owner).email == NEW


def test_the_owner_has_the_account_back_whatever_the_thief_does_at_that_moment(proven: User) -> None:
    undo = undoing(proven)
    moved = users.get(proven.id)
    further = confirmation(moved, NEWER)
    reset = stored_token(Purpose.RESET_PASSWORD, moved, accounts.binding(moved, accounts.credentials_of(moved.id)))
    stolen = PasswordChange(PASSWORD, SecretStr("Thiefs-horse-2"))
    session = begin_session(moved, sign_in_context(0))
    acts = [
        lambda: email_changes.undo(undo, CONTEXT),
        lambda: email_changes.confirm(further, CONTEXT),
        lambda: password_changes.reset_password(reset, SecretStr("Thiefs-horse-1"), CONTEXT),
        lambda: password_changes.change_password(moved, session.id, stolen, "203.0.113.7", CONTEXT),
    ]
    results = at_once(lambda number: acts[number % len(acts)]())
    counted = outcomes([*results])
    assert counted["done"] >= 1
    owned = users.get(proven.id)
    assert (owned.email, owned.email_verified) == (proven.email, True)
    assert events(proven, "email_change.undone") == 1
    assert accounts.credentials_of(proven.id) is None
    for password in (PASSWORD, SecretStr("Thiefs-horse-1"), SecretStr("Thiefs-horse-2")):
        with pytest.raises(Unauthenticated):
            sign_in.sign_in(proven.email, password, sign_in_context(1), CONTEXT)
