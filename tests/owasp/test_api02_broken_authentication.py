"""API2:2023: nobody is taken for somebody else. Token attacks, guessing and races have suites of their own."""

from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.identity.sessions.trusted_devices import TrustedDevicesItem, trusted_devices_key
from lamina.users import service as users
from tests.support.aws import PASSWORD, Answer, Api
from tests.support.people import CONTEXT, Clock, Mailbox, Person, again, login, person, prove, use
from tests.support.templates import functions

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
    "/v1/auth/sign-in-link",
    "/v1/auth/sign-in-link/redeem",
    "/v1/auth/mfa/verify",
    "/v1/auth/confirm-email",
    "/v1/auth/undo-email-change",
    "/v1/payments/webhook",
}
"""What answers whoever asks; everything else needs a credential."""
READABLE = {
    "/v1/posts",
    "/v1/posts/{post_id}",
    "/v1/posts/slug/{slug}",
    "/v1/products",
    "/v1/products/{product_id}",
    "/v1/users/{user_id}/posts",
}
"""What answers whoever reads what is public, but nobody with a bad credential."""
ROUTES = [(route.method, route.path) for f in functions() for route in f.routes if route.path not in OPEN]
READS = [
    (method, path) for method, path in ROUTES if (path in READABLE and method in ("GET", "HEAD")) or path == "/graphql"
]
CLOSED = [route for route in ROUTES if route not in READS]


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


@pytest.mark.parametrize(("method", "path"), READS)
@pytest.mark.parametrize("credential", [{"Authorization": "Bearer x"}, {"X-API-Key": "lam_x_y"}])
@pytest.mark.usefixtures("aws")
def test_a_bad_credential_is_refused_where_none_is_needed(method: str, path: str, credential: dict[str, str]) -> None:
    answer = Api().call(method, path.replace("{", "").replace("}", ""), headers=credential)
    assert answer.status == 401
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
        "reset": reset,
        "mfa": ann.mfa_token(),
        "key": key,
        "verification": verification,  # At last: the first proof of the address ends the others.
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


NEW = "The-owners-horse-2"
HOOK = {"url": "https://example.com/hook", "events": ["*"]}


def with_key(key: str, method: str, path: str, body: object = None) -> Answer:
    return Api().call(method, path, body=body, headers={"X-API-Key": key})


def furnish(who: Person, *scopes: str) -> dict[str, Any]:
    """Make all by which somebody could come back: a key, a webhook, and a second factor."""
    body = {"name": "k", "scopes": list(scopes) or ["read", "write", "delete"]}
    key = who.api.post("/v1/api-keys", body).data["key"]
    hook = who.api.post("/v1/webhooks", HOOK).data["id"]
    who.enroll()
    return {"key": key, "hook": f"/v1/webhooks/{hook}"}


def prove_address(mailbox: Mailbox, who: Person, how: str, **fields: object) -> None:
    """Do what only the owner of the mailbox can."""
    email = who.user.email
    if how == "verification":
        answer = Api().post("/v1/auth/verify-email", {"token": mailbox.token(email, "verification")})
    else:
        Api().post("/v1/auth/forgot-password", {"email": email})
        token = mailbox.token(email, "reset")
        answer = Api().post("/v1/auth/reset-password", {"token": token, "password": NEW, **fields})
    assert answer.status == 204, answer.body


@pytest.mark.parametrize(("how", "fields"), [("verification", {}), ("reset", {}), ("reset", {"keep_api_keys": True})])
@pytest.mark.usefixtures("aws")
def test_who_registers_a_strangers_address_keeps_nothing_when_the_stranger_proves_it(
    mailbox: Mailbox, how: str, fields: dict[str, Any]
) -> None:
    thief = person("victim")
    left = furnish(thief)
    half = thief.mfa_token()
    prove_address(mailbox, thief, how, **fields)
    assert thief.api.get("/v1/users/me").status == 401
    assert use(thief.refresh_token).status == 401
    assert prove(half, thief.codes[0]).status == 401
    assert with_key(left["key"], "GET", "/v1/users/me").status == 401
    with pytest.raises(TrustedDevicesItem.DoesNotExist):
        TrustedDevicesItem.get(*trusted_devices_key(thief.id))
    owner = again(thief.user, PASSWORD if how == "verification" else NEW)
    assert owner.api.get("/v1/api-keys").data == []
    assert owner.api.get("/v1/webhooks").data == []
    assert owner.api.get(left["hook"]).status == 404
    assert owner.api.post(f"{left['hook']}/test").status == 404
    # Nor does anything come to life again when the account may more.
    users.update(owner.id, {"role": Role.ADMIN}, CONTEXT, if_version=lambda _: True)
    assert with_key(left["key"], "GET", "/v1/users?role=admin").status == 401


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.usefixtures("aws")
def test_a_reset_of_a_proven_account_ends_keys_and_webhooks_unless_they_are_to_stay_and_keeps_the_factor(
    mailbox: Mailbox, keep: bool
) -> None:
    ann = person("ann")
    prove_address(mailbox, ann, "verification")
    ann = again(ann.user)
    mine = furnish(ann)
    prove_address(mailbox, ann, "reset", **({"keep_api_keys": True} if keep else {}))
    assert not ann.is_signed_in()
    assert with_key(mine["key"], "GET", "/v1/users/me").status == (200 if keep else 401)
    refused = login(ann.user.email, NEW)
    assert refused.error["code"] == "MFA_REQUIRED"
    signed_in = prove(refused.error["mfa_token"], ann.codes[0])
    owner = Api(token=signed_in.data["access_token"])
    assert [len(owner.get(path).data) for path in ("/v1/api-keys", "/v1/webhooks")] == [int(keep)] * 2


@pytest.mark.parametrize("keep", ["true", 1, None])
@pytest.mark.usefixtures("aws")
def test_whether_keys_are_to_stay_is_said_by_a_boolean(keep: object) -> None:
    body = {"token": "x", "password": NEW, "keep_api_keys": keep}
    answer = Api().post("/v1/auth/reset-password", body)
    assert (answer.status, answer.error["details"][0]["field"]) == (400, "keep_api_keys")
