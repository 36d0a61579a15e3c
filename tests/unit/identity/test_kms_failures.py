"""KMS fails once, before a token is signed: nothing is spent, and the same request succeeds when it comes again."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lamina.access.policy import Role
from lamina.identity.items import RefreshTokenItem, SessionItem, session_key
from lamina.identity.tokens import access_tokens
from lamina.storage import encryption
from tests.support.aws import Answer
from tests.support.people import Clock, Person, activities, login, person, prove, use
from tests.unit.identity.test_oauth import grant, register, send

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "Sign")
BROKEN = ClientError(
    {"Error": {"Code": "KMSInternalException", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 500}},  # type: ignore[typeddict-item]  # the rest is not read
    "Sign",
)
AWAY = EndpointConnectionError(endpoint_url="http://kms")


class Kms:
    """KMS, which refuses the next call of an operation."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        self._monkeypatch, self._error = monkeypatch, error

    def fail_once(self, client: Any, operation: str) -> None:
        works = getattr(client, operation)

        def refuse(**_: object) -> None:
            self._monkeypatch.setattr(client, operation, works)
            raise self._error

        self._monkeypatch.setattr(client, operation, refuse)


@pytest.fixture(params=[THROTTLED, BROKEN, AWAY], ids=["throttled", "broken", "away"])
def kms(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, aws: None) -> Kms:  # noqa: ARG001 (the table)
    return Kms(monkeypatch, request.param)


@pytest.fixture
def ann(kms: Kms, clock: Clock) -> Person:  # noqa: ARG001 (the table and the clock must be there)
    """Somebody with a second factor."""
    ann = person("ann")
    ann.enroll()
    clock.forward(30)
    return ann


def is_tried_again(
    kms: Kms, request: Callable[[], Answer], client: Any = access_tokens.kms, operation: str = "sign"
) -> None:
    """Send a request while KMS fails, and once more."""
    kms.fail_once(client, operation)
    failed = request()
    assert failed.status == 503
    assert failed.headers["Retry-After"]
    answer = request()
    assert answer.status == 200, answer.body
    claims = access_tokens.payload_of(answer.json.get("access_token") or answer.data["access_token"])
    SessionItem.get(*session_key(claims["sub"], claims["sid"]))  # There is one.


def test_a_refresh(kms: Kms) -> None:
    ann = person("ann")
    is_tried_again(kms, lambda: use(ann.refresh_token))
    assert ann.is_signed_in()
    assert "refresh_token.reused" not in activities(ann.id)
    assert len(list(RefreshTokenItem.scan())) == 2


def test_a_sign_in_which_begins_one_session(kms: Kms) -> None:
    ann = person("ann")
    is_tried_again(kms, lambda: login(ann.user.email))
    assert activities(ann.id).count("session.started") == 2


@pytest.mark.parametrize("kind", ["recovery code", "code of now"])
def test_a_second_step_spends_neither_its_code_nor_its_token(kms: Kms, ann: Person, kind: str) -> None:
    token, code = ann.mfa_token(), ann.codes[0] if kind == "recovery code" else ann.code()
    is_tried_again(kms, lambda: prove(token, code))
    assert prove(token, code).status == 401


def test_what_is_not_decrypted_or_signed_is_no_failure_of_the_person(kms: Kms, ann: Person) -> None:
    token = ann.mfa_token()
    for client, operation in [(encryption._kms, "decrypt"), (access_tokens.kms, "sign")] * 3:
        kms.fail_once(client, operation)
        assert prove(token, ann.code()).status == 503
    assert prove(token, ann.code()).status == 200


def test_the_grants_of_an_oauth_client(kms: Kms) -> None:
    client = register(person("root", Role.ADMIN))
    is_tried_again(kms, lambda: send("token", client, grant_type="client_credentials"))
    refresh_token = grant(client)["refresh_token"]
    is_tried_again(kms, lambda: send("token", client, grant_type="refresh_token", refresh_token=refresh_token))
