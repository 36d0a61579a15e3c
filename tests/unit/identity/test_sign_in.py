"""Signing in: answers and work never tell whether an account exists, nor in what state it is."""

import unicodedata
from collections.abc import Callable

import pytest

from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import passwords, registration
from lamina.identity.accounts import service as accounts
from lamina.storage import transactions
from lamina.users import service as users
from lamina.users.model import Status
from lamina.users.service import NewUser
from tests.support.aws import PASSWORD, Answer, Api, make_user
from tests.support.people import Work

CONTEXT = RequestContext(None, "test")


def unknown() -> tuple[str, str]:
    return "nobody@example.com", PASSWORD


def known_with_a_wrong_password() -> tuple[str, str]:
    return make_user("known").email, "Another-pass-1"


def with_status(status: Status) -> Callable[[], tuple[str, str]]:
    return lambda: (make_user(str(status), status=status).email, PASSWORD)


def deleted() -> tuple[str, str]:
    user = make_user("deleted")
    users.delete(user.id, CONTEXT, if_version=lambda _: True)
    return user.email, PASSWORD


def without_a_password() -> tuple[str, str]:
    new = NewUser(email="unset@example.com", username="unset", name="Unset", role=Role.VIEWER)
    return registration.register(new, None, CONTEXT).email, PASSWORD


@pytest.mark.parametrize(
    "account",
    [
        known_with_a_wrong_password,
        with_status(Status.SUSPENDED),
        with_status(Status.INACTIVE),
        deleted,
        without_a_password,
        lambda: ("not an address", PASSWORD),
        lambda: ("", PASSWORD),
        lambda: ("é" * 254, PASSWORD),
    ],
)
def test_whoever_may_not_sign_in_gets_the_same_answer_for_the_same_work(
    api: Api, work: Work, account: Callable[[], tuple[str, str]]
) -> None:
    def sign_in(email: str, password: str) -> Callable[[], Answer]:
        return lambda: api.post("/v1/auth/login", {"email": email, "password": password})

    answer, cost = work.of(sign_in(*account()))
    expected, expected_cost = work.of(sign_in(*unknown()))
    assert cost == expected_cost
    assert cost["hash"] == 1
    assert answer.status == expected.status == 401
    assert {**answer.error, "request_id": ""} == {**expected.error, "request_id": ""}
    volatile = {"X-Correlation-Id", "RateLimit-Remaining", "RateLimit-Reset"}
    assert {name: value for name, value in answer.headers.items() if name not in volatile} == {
        name: value for name, value in expected.headers.items() if name not in volatile
    }


NFD = unicodedata.normalize("NFD", "Pässwörd-2041é")
NFC = unicodedata.normalize("NFC", NFD)


@pytest.mark.parametrize("typed", [NFC, NFD])
def test_a_password_signs_in_however_the_keyboard_composes_it(api: Api, typed: str) -> None:
    for name, password in (("composed", NFC), ("decomposed", NFD)):
        email = make_user(name, password=password).email
        assert api.post("/v1/auth/login", {"email": email, "password": typed}).status == 200


def test_a_hash_from_before_normalization_is_replaced_at_sign_in(api: Api) -> None:
    user = make_user("casey")
    stored = accounts.credentials_of(user.id)
    assert stored is not None
    stored.password_hash = passwords._hasher.hash(NFD)
    transactions.write(put=[stored])

    def status(password: str) -> int:
        return api.post("/v1/auth/login", {"email": user.email, "password": password}).status

    assert [status(NFC), status(NFD), status(NFC), status(NFD)] == [401, 200, 200, 200]


@pytest.mark.parametrize(
    "account", [known_with_a_wrong_password, without_a_password, deleted, with_status(Status.SUSPENDED), unknown]
)
def test_an_old_form_of_a_password_costs_the_same_for_every_account(
    api: Api, work: Work, account: Callable[[], tuple[str, str]]
) -> None:
    email, _ = account()
    answer, cost = work.of(lambda: api.post("/v1/auth/login", {"email": email, "password": NFD}))
    assert (answer.status, cost["hash"]) == (401, 2)


def test_the_address_is_taken_in_whatever_case(api: Api) -> None:
    user = make_user("casey")
    assert api.post("/v1/auth/login", {"email": user.email.upper(), "password": PASSWORD}).status == 200


def test_a_device_that_calls_itself_in_broken_bytes_can_sign_in(api: Api) -> None:
    user = make_user("casey")
    body = {"email": user.email, "password": PASSWORD}
    answer = api.post("/v1/auth/login", body, headers={"User-Agent": "caf\udce9/1.0" + "x" * 8000})
    assert answer.status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@example.com"},
        {"password": PASSWORD},
        {"email": "a@example.com", "password": "x" * 129},
        {"email": "x" * 255, "password": PASSWORD},
        {"email": "a@example.com", "password": PASSWORD, "remember": True},
        {"email": ["a@example.com"], "password": PASSWORD},
        {"email": "a@example.com", "password": {"$ne": ""}},
    ],
)
def test_a_login_of_another_shape_is_refused_before_anything_is_read(api: Api, work: Work, body: object) -> None:
    answer, cost = work.of(lambda: api.post("/v1/auth/login", body))
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert cost == {"UpdateItem": 1}  # The authorizer has counted the request.
    assert PASSWORD.encode() not in answer.body


def test_a_token_answer_is_never_kept_by_a_cache(api: Api) -> None:
    user = make_user("casey")
    answer = api.post("/v1/auth/login", {"email": user.email, "password": PASSWORD})
    assert answer.headers["Cache-Control"] == "no-store"  # RFC 6749 section 5.1
