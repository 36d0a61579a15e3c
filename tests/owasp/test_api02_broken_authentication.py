"""API2:2023: nobody is taken for somebody else. Token attacks, guessing and races have suites of their own."""

import pytest

from tests.aws import PASSWORD, Api
from tests.people import Clock, Mailbox, Person, login, person, prove
from tests.templates import functions

OPEN = {
    "/",
    "/{proxy+}",
    "/health",
    "/health/ready",
    "/openapi.json",
    "/docs",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/oauth2/token",
    "/oauth2/revoke",
    "/oauth2/introspect",
    "/v1/auth/register",
    "/v1/auth/login",
    "/v1/auth/refresh",
    "/v1/auth/verify-email",
    "/v1/auth/resend-verification",
    "/v1/auth/forgot-password",
    "/v1/auth/reset-password",
    "/v1/auth/mfa/verify",
}
"""What answers whoever asks; everything else needs a credential."""
CLOSED = [(route.method, route.path) for f in functions() for route in f.routes if route.path not in OPEN]


@pytest.fixture
def ann(aws: None) -> Person:  # noqa: ARG001 (the table must be there)
    return person("ann")


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("credential", [{}, {"Authorization": "Bearer x"}, {"X-API-Key": "lam_x_y"}])
@pytest.mark.usefixtures("aws")
def test_every_endpoint_but_the_open_ones_needs_a_credential(
    method: str, path: str, credential: dict[str, str]
) -> None:
    target = path.replace("{", "").replace("}", "")
    answer = Api().call(method, target, body={} if method != "GET" else None, headers=credential)
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_no_token_does_the_work_of_another(ann: Person, clock: Clock, mailbox: Mailbox) -> None:
    verification = mailbox.token(ann.user.email, "verification")
    Api().post("/v1/auth/forgot-password", {"email": ann.user.email})
    reset = mailbox.token(ann.user.email, "reset")
    key = ann.api.post("/v1/api-keys", {"name": "k", "scopes": ["read"]}).data["key"]
    ann.enroll()
    clock.forward(30)
    tokens = {
        "access": ann.api.token,
        "refresh": ann.refresh_token,
        "verification": verification,
        "reset": reset,
        "mfa": ann.mfa_token(),
        "key": key,
    }
    for kind, token in tokens.items():
        works = {
            "access": Api(token=token).get("/v1/users/me").status == 200,
            "key": Api().get("/v1/users/me", headers={"X-API-Key": token}).status == 200,
            "mfa": prove(token, ann.code()).status == 200,
            "verification": Api().post("/v1/auth/verify-email", {"token": token}).status == 204,
        }
        assert [name for name, good in works.items() if good] == ([kind] if kind in works else []), kind


def test_knowing_the_password_alone_does_not_take_a_second_factor_away(ann: Person, clock: Clock) -> None:
    ann.enroll()
    clock.forward(30)
    assert ann.api.post("/v1/auth/mfa/disable", {"code": "000000"}).status == 422
    assert login(ann.user.email, PASSWORD).status == 401


def test_tokens_in_the_address_are_not_taken(ann: Person) -> None:
    assert Api().get(f"/v1/users/me?access_token={ann.api.token}").status == 401


def test_a_credential_of_another_kind_does_not_help_a_bad_one(ann: Person) -> None:
    assert ann.api.get("/v1/users/me", token=ann.refresh_token, headers={"X-API-Key": "lam_x_y"}).status == 401
