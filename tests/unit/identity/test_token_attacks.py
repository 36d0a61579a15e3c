"""Access tokens that are not exactly what we issue: each is refused, and only an old one is told that it is old."""

import base64
import json
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.identity.sessions import service as sessions
from lamina.identity.tokens import access_tokens, authentication
from lamina.identity.tokens.access_tokens import CLAIMS, public_key
from lamina.identity.tokens.authentication import authenticate
from lamina.settings import Settings, settings
from lamina.users import service as users
from tests.support.aws import PASSWORD, Api, make_user
from tests.support.people import Work, again, verified

CONTEXT = RequestContext(None, "test")
IN_2100 = 4_102_444_800
ANYWAY: Callable[[int], bool] = lambda _: True  # noqa: E731 (a condition that always holds)


class Victim:
    """Somebody who is signed in, and what an attacker can see of it."""

    def __init__(self) -> None:
        self.user = make_user("victim", email_verified=True)
        answer = Api().post("/v1/auth/login", {"email": self.user.email, "password": PASSWORD})
        self.access: str = answer.data["access_token"]
        self.refresh: str = answer.data["refresh_token"]
        self.header = jwt.get_unverified_header(self.access)
        self.claims: dict[str, Any] = jwt.decode(self.access, options={"verify_signature": False})

    def signed_by_us(self, change: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        """A token with our own signature over other claims; a change to None leaves a claim out."""
        claims = {name: value for name, value in {**self.claims, **change}.items() if value is not None}
        headers = {**self.header, **(header or {})}
        return access_tokens._jws.encode(
            json.dumps(claims).encode(), settings().signing_key_ids[0], algorithm="ES256", headers=headers
        )

    def signed_with(self, key: Any, algorithm: str, header: Mapping[str, Any] | None = None) -> str:
        """A token with our claims and somebody else's signature."""
        given = {name: value for name, value in {**self.header, **(header or {})}.items() if name != "alg"}
        return jwt.encode(self.claims, key, algorithm=algorithm, headers=given)


@pytest.fixture
def victim(aws: None) -> Victim:  # noqa: ARG001 (the table must be there)
    return Victim()


def ask(authorization: str) -> dict[str, str]:
    return authenticate("GET", {"authorization": authorization}, "203.0.113.7")


def problem(token: str) -> str | None:
    return ask(f"Bearer {token}").get("problem")


def unsigned(header: object, claims: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(header)}.{part(claims)}."


@pytest.mark.usefixtures("clock")
def test_the_token_as_issued_is_good(victim: Victim) -> None:
    established = ask(f"Bearer {victim.access}")
    # The session's own instant is of the real clock, which has moved on.
    assert 0 <= int(established["authenticated_at"]) - victim.claims["iat"] < 60
    assert established | {"quota": "", "authenticated_at": ""} == {
        "user_id": victim.user.id,
        "role": "viewer",
        "session_id": victim.claims["sid"],
        "scope": "delete read write",
        "credential": "session",
        "authenticated_at": "",
        "credential_id": victim.claims["sid"],
        "ends": str(victim.claims["exp"]),
        "session_epoch": "0",
        "credential_epoch": "0",
        "email_verified": "true",
        "quota": "",
    }
    assert set(victim.claims) == set(CLAIMS)
    assert victim.claims["exp"] - victim.claims["iat"] == 15 * 60


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "NONE", ""])
def test_a_token_without_a_signature_is_refused(victim: Victim, algorithm: str) -> None:
    assert problem(unsigned({**victim.header, "alg": algorithm}, victim.claims)) == "UNAUTHENTICATED"


def test_a_token_signed_with_our_public_key_as_a_shared_secret_is_refused(victim: Victim) -> None:
    pem = public_key(victim.header["kid"]).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # PyJWT will not sign with a PEM, so the attack is made by hand.
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signing_input = unsigned({**victim.header, "alg": "HS256"}, victim.claims).removesuffix(".")
    signature = base64.urlsafe_b64encode(algorithm.sign(signing_input.encode(), pem)).decode().rstrip("=")
    assert problem(f"{signing_input}.{signature}") == "UNAUTHENTICATED"


def test_a_token_of_another_algorithm_or_key_is_refused(victim: Victim) -> None:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert problem(victim.signed_with(rsa_key, "RS256")) == "UNAUTHENTICATED"
    assert problem(victim.signed_with(ec.generate_private_key(ec.SECP256R1()), "ES256")) == "UNAUTHENTICATED"
    assert problem(victim.signed_with(ec.generate_private_key(ec.SECP384R1()), "ES384")) == "UNAUTHENTICATED"


@pytest.mark.parametrize("kid", ["", "unknown", "../../dev/null", "alias/aws/dynamodb", "' OR 1=1", "x" * 2000])
def test_a_token_that_names_another_key_is_refused(victim: Victim, kid: str) -> None:
    assert problem(victim.signed_by_us({}, {"kid": kid})) == "UNAUTHENTICATED"


@pytest.mark.parametrize("kid", [None, 1, ["alias/signing"], {"alias/signing": 1}, True])
def test_a_token_whose_key_id_is_no_text_is_refused(victim: Victim, kid: object) -> None:
    _, claims, signature = victim.access.split(".")
    header = unsigned({**victim.header, "kid": kid}, {}).split(".")[0]
    assert problem(f"{header}.{claims}.{signature}") == "UNAUTHENTICATED"


def test_a_token_that_brings_its_own_key_is_refused(victim: Victim) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    embedded = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    for header in ({"jwk": embedded}, {"jku": "https://evil.example/jwks"}, {"x5u": "https://evil.example/cert"}):
        assert problem(victim.signed_with(key, "ES256", header)) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
    ],
)
def test_a_header_is_never_followed_also_where_the_signature_is_good(
    victim: Victim, header: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: tuple[str, int]) -> None:
        if address[0] != "127.0.0.1":
            pytest.fail(f"something was fetched from {address}")
        connect(self, address)  # The table.

    monkeypatch.setattr(socket.socket, "connect", only_here)
    event = problem(victim.signed_by_us({}, header))
    # A critical header that is not understood voids the token (RFC 7515 section 4.1.11); others are not looked at.
    assert event == ("UNAUTHENTICATED" if "crit" in header else None)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_has_one_spelling(victim: Victim, part: int) -> None:
    parts = victim.access.split(".")
    for other in (parts[part] + "=", parts[part] + "==", f"{parts[part][:5]}!{parts[part][5:]}", parts[part] + "%"):
        assert problem(".".join([*parts[:part], other, *parts[part + 1 :]])) == "UNAUTHENTICATED"


def test_the_unused_bits_of_a_signature_are_zero(victim: Victim) -> None:
    # 64 bytes are 86 characters, of which the last carries two bits: fifteen others decode to the same.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for char in alphabet:
        if char != victim.access[-1]:
            assert problem(victim.access[:-1] + char) == "UNAUTHENTICATED"


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+JWT2", "", "mfa+jwt"])
def test_a_token_of_another_type_is_refused(victim: Victim, kind: str) -> None:
    assert problem(victim.signed_by_us({}, {"typ": kind})) == "UNAUTHENTICATED"


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_token_without_one_of_its_claims_is_refused(victim: Victim, claim: str) -> None:
    assert problem(victim.signed_by_us({claim: None})) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"iss": ["https://api.example.com/live"]},
        {"aud": "another"},
        {"aud": ["lamina"]},
        {"aud": ["lamina", "another"]},
        {"nbf": IN_2100},
        {"nbf": "soon"},
        {"exp": "never"},
        {"sub": 1},
        {"sub": ""},
        {"sub": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"sid": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"sid": ["x"]},
        {"role": "root"},
        {"role": "admin"},
        {"role": ["viewer"]},
    ],
)
def test_a_token_with_another_value_in_a_claim_is_refused(victim: Victim, change: dict[str, object]) -> None:
    assert problem(victim.signed_by_us(change)) == "UNAUTHENTICATED"


def test_an_expired_token_gets_its_own_error_code(victim: Victim) -> None:
    assert problem(victim.signed_by_us({"exp": int(time.time()) - 60})) == "TOKEN_EXPIRED"


def test_a_token_that_was_tampered_with_is_refused(victim: Victim) -> None:
    header, claims, signature = victim.access.split(".")
    richer = unsigned({}, {**victim.claims, "role": "admin"}).split(".")[1]
    for token in (
        f"{header}.{richer}.{signature}",
        victim.access[:-1],
        victim.access[:-20],
        f"{header}.{claims}",
        f"{header}.{claims}.",
        f"{victim.access}.",
        f"{victim.access}..",
        f"{victim.access}.x.y",
        f".{victim.access}",
        f"{victim.access}{'A' * 100_000}",
        "A" * 100_000,
        "…" * 10,
        f"{victim.access}é",
        "",
        ".",
        "..",
        "null",
        victim.refresh,
    ):
        assert problem(token) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "Basic {}",
        "Token {}",
        "Bearer",
        "Bearer ",
        "Bearer\t{}",
        "Bearer {} {}",
        "Bearer {}, Bearer {}",
        " Bearer {}",
    ],
)
def test_a_credential_of_another_form_is_refused(victim: Victim, form: str) -> None:
    assert ask(form.replace("{}", victim.access))["problem"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_taken_in_whatever_case(victim: Victim, scheme: str) -> None:
    assert "user_id" in ask(f"{scheme} {victim.access}")


def test_a_session_that_is_over_is_refused_at_once(victim: Victim) -> None:
    sessions.end(victim.user.id, victim.claims["sid"], CONTEXT)
    assert problem(victim.access) == "UNAUTHENTICATED"


@pytest.mark.parametrize("change", [{"status": "suspended"}, {"status": "inactive"}, {"role": Role.EDITOR}])
def test_another_role_or_status_ends_the_sessions_at_once(victim: Victim, change: dict[str, object]) -> None:
    verified(victim.user)
    users.update(victim.user.id, change, CONTEXT, if_version=ANYWAY)
    assert problem(victim.access) == "UNAUTHENTICATED"


def test_a_status_that_comes_back_does_not_bring_the_sessions_back(victim: Victim) -> None:
    for status in ("suspended", "active"):
        users.update(victim.user.id, {"status": status}, CONTEXT, if_version=ANYWAY)
    assert problem(victim.access) == "UNAUTHENTICATED"


def test_deletion_ends_the_sessions_and_restoring_does_not_bring_them_back(victim: Victim) -> None:
    users.delete(victim.user.id, CONTEXT, if_version=ANYWAY)
    assert problem(victim.access) == "UNAUTHENTICATED"
    users.restore(victim.user.id, CONTEXT)
    assert problem(victim.access) == "UNAUTHENTICATED"


def test_a_change_of_the_profile_keeps_the_sessions(victim: Victim) -> None:
    users.update(victim.user.id, {"name": "Another Name"}, CONTEXT, if_version=ANYWAY)
    assert problem(victim.access) is None


def test_a_token_of_the_first_step_is_no_access_token(victim: Victim) -> None:
    who = again(victim.user)
    who.enroll()
    assert problem(who.mfa_token()) == "UNAUTHENTICATED"


def test_a_reset_and_a_change_of_the_password_end_other_sessions(victim: Victim) -> None:
    other = again(victim.user)
    body = {"current_password": PASSWORD, "new_password": "Another-horse-2"}
    assert other.api.post("/v1/auth/change-password", body).status == 204
    assert (problem(victim.access), problem(other.api.token)) == ("UNAUTHENTICATED", None)


@pytest.mark.parametrize("client_id", ["01890a5d-ac96-774b-bcce-b302099a8057", "", 1, ["x"], {"x": 1}])
def test_a_persons_token_is_not_made_a_clients(victim: Victim, client_id: object) -> None:
    assert problem(victim.signed_by_us({"client_id": client_id})) == "UNAUTHENTICATED"


def test_what_is_cached_ends_with_the_token_and_a_refusal_is_never_cached(
    victim: Victim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "settings", lambda: deployed(authorizer_cache_seconds=300))
    monkeypatch.setattr(authentication, "_trusted", {})
    short = victim.signed_by_us({"exp": int(time.time()) + 1})
    assert problem(short) is None
    ((until, _),) = authentication._trusted.values()
    assert until - time.monotonic() <= 1
    sessions.end(victim.user.id, victim.claims["sid"], CONTEXT)
    assert problem(victim.access) == "UNAUTHENTICATED"
    assert len(authentication._trusted) == 1
    assert victim.access not in str(authentication._trusted)


def test_the_authorizer_reads_a_session_once_in_its_cache_time(
    victim: Victim, monkeypatch: pytest.MonkeyPatch, work: Work
) -> None:
    monkeypatch.setattr(authentication, "settings", lambda: deployed(authorizer_cache_seconds=30))
    monkeypatch.setattr(authentication, "_trusted", {})
    for _ in range(5):
        assert problem(victim.access) is None
    assert work.counts["BatchGetItem"] == 1
    assert work.counts["UpdateItem"] == 5  # what counts the caller


def deployed(**changes: object) -> Settings:
    return settings().model_copy(update=changes)
