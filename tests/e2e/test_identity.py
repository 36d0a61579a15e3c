"""Accounts, second factors, keys and OAuth clients through the running stack, as their users go through them."""

import contextlib
import json
import time
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest
from authlib.integrations.requests_client import OAuth2Session

from tests.e2e.client import Answer, Client
from tests.e2e.conftest import PASSWORD, Inside, register, wait_until
from tests.support.stack import RunningStack, look

pytestmark = pytest.mark.xdist_group("stack")

NEW = "Another-horse-8"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

type Mails = Callable[[str, str], list[str]]


@pytest.fixture
def mailed(stack: RunningStack, secrets: set[str]) -> Mails:
    """The tokens that were mailed to an address under a subject, newest first; waits until there is one more."""
    seen: dict[tuple[str, str], int] = {}

    def tokens(to: str, subject: str) -> list[str]:
        mails = look(f"{stack.url}/_local/mail")
        texts = [mail["text"] for mail in mails if to in mail["to"] and mail["subject"] == subject]
        links = [word for text in texts for word in text.split() if "?token=" in word]
        return [parse_qs(urlsplit(link).query)["token"][0] for link in links]

    def wait(to: str, subject: str) -> list[str]:
        before = seen.get((to, subject), 0)
        wait_until(lambda: len(tokens(to, subject)) > before, f"a mail {subject!r}", 40)
        found = tokens(to, subject)
        seen[to, subject] = len(found)
        secrets.update(found)
        return found

    return wait


def test_registering_leads_to_a_mail_that_verifies_the_address(
    anyone: Client, newcomer: dict[str, Any], mailed: Mails
) -> None:
    token = mailed(newcomer["email"], "Verify your e-mail address")[0]
    assert anyone.post("/v1/auth/verify-email", {"token": token}).status == 204
    assert anyone.signed_in(newcomer["email"], PASSWORD).get("/v1/users/me").data["email_verified"] is True
    again = anyone.post("/v1/auth/verify-email", {"token": token})
    assert (again.status, again.error["code"]) == (422, "INVALID_TOKEN")


def test_a_forgotten_password_is_reset_by_the_mailed_token_and_every_session_ends(
    anyone: Client, newcomer: dict[str, Any], mailed: Mails
) -> None:
    email = newcomer["email"]
    me = anyone.signed_in(email, PASSWORD)
    assert anyone.post("/v1/auth/forgot-password", {"email": email}).status == 202
    token = mailed(email, "Reset your password")[0]
    assert anyone.post("/v1/auth/reset-password", {"token": token, "password": NEW}).status == 204
    assert me.get("/v1/users/me").status == 401
    assert anyone.post("/v1/auth/login", {"email": email, "password": PASSWORD}).status == 401
    assert anyone.signed_in(email, NEW).get("/v1/users/me").status == 200
    assert anyone.post("/v1/auth/reset-password", {"token": token, "password": NEW}).status == 422


def test_a_mailed_link_signs_in_once_and_resets_are_not_stopped_by_those_who_ask_for_other_mails(
    anyone: Client, newcomer: dict[str, Any], mailed: Mails
) -> None:
    email = newcomer["email"]
    for _ in range(6):
        assert anyone.post("/v1/auth/resend-verification", {"email": email}).status == 202
    for path in ("sign-in-link", "forgot-password"):
        assert anyone.post(f"/v1/auth/{path}", {"email": email}).status == 202
    token = mailed(email, "Your sign-in link")[0]
    answer = anyone.post("/v1/auth/sign-in-link/redeem", {"token": token})
    assert answer.status == 200, answer.body
    assert Client(anyone.port, anyone.secrets, answer.data["access_token"]).get("/v1/users/me").data["email_verified"]
    assert anyone.post("/v1/auth/sign-in-link/redeem", {"token": token}).status == 422
    assert mailed(email, "Reset your password")


def test_an_address_is_changed_by_a_proof_and_given_back_to_the_former_one(
    anyone: Client, inside: Inside, newcomer: dict[str, Any], mailed: Mails, secrets: set[str]
) -> None:
    former, new = newcomer["email"], f"new.{newcomer['email']}"
    secrets.update((former, new))
    inside.verify(newcomer["id"])
    thief = anyone.signed_in(former, PASSWORD)
    assert thief.patch("/v1/users/me", {"email": new}).error["code"] == "USE_CHANGE_EMAIL"
    assert thief.post("/v1/auth/reauthenticate", {"password": PASSWORD}).status == 204
    assert thief.post("/v1/auth/change-email", {"email": new, "current_password": PASSWORD}).status == 202
    confirmation = mailed(new, "Confirm your new e-mail address")[0]
    assert anyone.post("/v1/auth/confirm-email", {"token": confirmation}).status == 204
    assert anyone.signed_in(new, PASSWORD).get("/v1/users/me").data["email"] == new
    undo = mailed(former, "The e-mail address of your account was changed")[0]
    assert anyone.post("/v1/auth/undo-email-change", {"token": undo}).status == 204
    assert thief.get("/v1/users/me").status == 401
    reset = mailed(former, "Your e-mail address was restored")[0]
    assert anyone.post("/v1/auth/reset-password", {"token": reset, "password": NEW}).status == 204
    assert anyone.signed_in(former, NEW).get("/v1/users/me").data["email"] == former


def sign_in(anyone: Client, email: str) -> Answer:
    return anyone.post("/v1/auth/login", {"email": email, "password": PASSWORD})


def test_refreshing_rotates_and_a_second_use_ends_the_session(anyone: Client, newcomer: dict[str, Any]) -> None:
    first = sign_in(anyone, newcomer["email"]).data
    second = anyone.post("/v1/auth/refresh", {"refresh_token": first["refresh_token"]}).data
    repeated = anyone.post("/v1/auth/refresh", {"refresh_token": first["refresh_token"]}).data
    assert repeated["refresh_token"] == second["refresh_token"]
    second = anyone.post("/v1/auth/refresh", {"refresh_token": second["refresh_token"]}).data
    me = Client(anyone.port, anyone.secrets, second["access_token"])
    (session,) = me.get("/v1/auth/sessions").data
    assert session["address"] == "127.0.0.1"
    assert anyone.post("/v1/auth/refresh", {"refresh_token": first["refresh_token"]}).status == 401
    assert me.get("/v1/users/me").status == 401
    assert anyone.post("/v1/auth/refresh", {"refresh_token": second["refresh_token"]}).status == 401


def test_a_second_factor_is_enrolled_asked_for_and_disabled(
    anyone: Client, newcomer: dict[str, Any], secrets: set[str]
) -> None:
    email = newcomer["email"]
    me = anyone.signed_in(email, PASSWORD)
    secret = me.post("/v1/auth/mfa/enroll").data["secret"]
    totp, step = pyotp.TOTP(secret), int(time.time()) // 30
    codes = me.post("/v1/auth/mfa/activate", {"code": totp.generate_otp(step)}).data["recovery_codes"]
    secrets.update([secret, *codes])
    token = sign_in(anyone, email).error["mfa_token"]
    secrets.add(token)
    verify = "/v1/auth/mfa/verify"
    assert anyone.post(verify, {"mfa_token": token, "code": totp.generate_otp(step)}).status == 401
    done = anyone.post(verify, {"mfa_token": token, "code": totp.generate_otp(step + 1)})
    assert done.status == 200, done.body
    token = sign_in(anyone, email).error["mfa_token"]
    assert anyone.post(verify, {"mfa_token": token, "code": codes[0]}).status == 200
    disabled = me.post("/v1/auth/mfa/disable", {"code": codes[1]})
    assert disabled.status == 204, disabled.body
    assert sign_in(anyone, email).status == 200


def test_an_api_key_acts_for_its_owner_until_it_is_revoked(
    anyone: Client, newcomer: dict[str, Any], secrets: set[str]
) -> None:
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    made = me.post("/v1/api-keys", {"name": "ci", "scopes": ["read"]}).data
    secrets.add(made["key"])
    program = Client(anyone.port, secrets, headers={"X-API-Key": made["key"]})
    assert program.get("/v1/users/me").data["id"] == newcomer["id"]
    assert program.patch("/v1/users/me", {"name": "Other"}).status == 403
    assert program.post("/v1/api-keys", {"name": "more", "scopes": ["read"]}).status == 403
    assert me.get("/v1/api-keys").data[0]["last_used_at"]
    assert me.delete(f"/v1/api-keys/{made['id']}").status == 204
    assert program.get("/v1/users/me").status == 401


def test_authlib_as_it_comes_is_a_client(stack: RunningStack, admin: Client, secrets: set[str]) -> None:
    body = {"name": "svc", "scopes": ["read"], "grant_types": ["client_credentials", "refresh_token"]}
    made = admin.post("/v1/oauth-clients", body).data
    with OAuth2Session(made["client_id"], made["client_secret"], scope="read") as session:
        metadata = session.get(f"{stack.url}/.well-known/oauth-authorization-server", withhold_token=True).json()
        assert metadata["issuer"] == stack.url
        first = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        assert session.get(f"{stack.url}/v1/users").status_code == 200
        renewed = session.refresh_token(metadata["token_endpoint"])
        secrets.update(
            [made["client_secret"], first["access_token"], renewed["access_token"], renewed["refresh_token"]]
        )
        event = session.introspect_token(metadata["introspection_endpoint"], renewed["access_token"]).json()
        assert (event["active"], event["client_id"]) == (True, made["client_id"])
        assert session.revoke_token(metadata["revocation_endpoint"], renewed["refresh_token"]).status_code == 200
        assert session.get(f"{stack.url}/v1/users").status_code == 401
    assert admin.delete(f"/v1/oauth-clients/{made['id']}").status == 204
    refused = Client(stack.port, secrets).post("/oauth2/token", urlencode({"grant_type": "x"}), headers=FORM)
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")


def test_the_sixth_wrong_password_is_429_and_another_address_may_still_try(anyone: Client) -> None:
    user = register(anyone)
    wrong = {"email": user["email"], "password": "Wrong-horse-1"}
    answers = [anyone.post("/v1/auth/login", wrong) for _ in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 915
    assert sign_in(anyone, user["email"]).status == 429
    # Another connecting address is another client; a header that claims one is not.
    claimed = anyone.post("/v1/auth/login", wrong, headers={"X-Forwarded-For": "198.51.100.1"})
    assert claimed.status == 429


def test_nothing_secret_of_the_whole_run_lies_in_the_table_or_in_an_event(
    inside: Inside, anyone: Client, secrets: set[str]
) -> None:
    register(anyone)
    addresses = {secret for secret in secrets if "@" in secret}
    items = inside.items()
    assert items
    for place, item in items.items():
        text = json.dumps(item, default=_readable)
        assert [secret for secret in secrets - addresses if secret in text] == [], place
        if place[1].startswith("EVENT#"):
            assert [address for address in addresses if address in text] == [], place


def _readable(content: bytes) -> str:
    """Return binary content as text, decompressed if it is compressed."""
    with contextlib.suppress(zlib.error):
        content = zlib.decompress(content)
    return content.decode(errors="replace")


def test_nothing_secret_of_the_whole_run_was_logged(inside: Inside, secrets: set[str]) -> None:
    lines = "\n".join(inside.log_lines(0))
    assert '"security_event"' in lines
    assert [secret for secret in secrets if secret in lines] == []
