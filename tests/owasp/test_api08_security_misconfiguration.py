"""API8:2023: every answer, good or bad, is hardened alike, and tells nothing of the inside."""

from typing import Any

import pytest

from lamina.http.headers import SECURITY
from lamina.identity.sessions import service as sessions
from lamina.settings import settings
from tests.support.aws import Answer, Api
from tests.support.people import Person, person

ALLOWED, EVIL = "https://app.example.com", "https://evil.example"


@pytest.fixture
def ann(aws: None) -> Person:  # noqa: ARG001 (the table must be there)
    return person("ann")


def answers(ann: Person, **headers: str) -> list[Answer]:
    """One of each kind: good, public, refused, missing, malformed, of another method, OAuth."""
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return [
        ann.api.get("/v1/users/me", headers=headers),
        Api().get("/.well-known/jwks.json", headers=headers),
        Api().get("/v1/users/me", headers=headers),
        ann.api.get("/v1/nothing", headers=headers),
        ann.api.patch("/v1/users/me", "{", headers=headers),
        ann.api.post("/v1/oauth-clients", {}, headers=headers),
        ann.api.delete("/v1/users", headers=headers),
        Api().post("/oauth2/token", "grant_type=x", headers=form),
        Api().call("OPTIONS", "/v1/users", headers=headers),
    ]


def test_every_answer_has_the_security_headers(ann: Person) -> None:
    for answer in answers(ann):
        for name, value in SECURITY.items():
            assert name in answer.headers
            assert name in ("Cache-Control", "Content-Security-Policy") or answer.headers[name] == value
        assert answer.headers["X-Correlation-Id"]
        assert "Server" not in answer.headers
        assert "X-Powered-By" not in answer.headers


@pytest.mark.parametrize("origin", [EVIL, "null", f"{ALLOWED}.evil.example", "http://app.example.com", ""])
def test_only_allowed_origins_are_let_in(ann: Person, origin: str) -> None:
    for answer in answers(ann, Origin=origin):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


def test_an_allowed_origin_is_named_and_never_everybody(ann: Person) -> None:
    for answer in answers(ann, Origin=ALLOWED):
        assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED


def test_a_bug_tells_nothing_of_the_inside(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("table lamina at /var/task said: secret")

    monkeypatch.setattr(sessions, "list_sessions", fail)
    answer = ann.api.get("/v1/auth/sessions")
    assert (answer.status, answer.error["code"]) == (500, "INTERNAL")
    for inside in (b"lamina at", b"/var/task", b"Traceback", b"RuntimeError", settings().table.encode() + b" "):
        assert inside not in answer.body


def test_what_is_personal_is_not_kept_by_caches(ann: Person) -> None:
    for path in ("/v1/auth/sessions", "/v1/api-keys", "/v1/users/me", "/v1/users"):
        event = ann.api.get(path).headers["Cache-Control"]
        assert event == "no-store" or event.startswith("private")
        assert "Authorization" in ann.api.get(path).headers["Vary"]


def test_the_device_cookie_is_out_of_reach_of_scripts_and_of_other_sites(ann: Person) -> None:
    body = {"email": ann.user.email, "password": "Correct-horse-1"}
    cookie = Api("192.0.2.1").post("/v1/auth/login", body).headers["Set-Cookie"]
    for attribute in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/live/v1/auth"):
        assert attribute in cookie
