"""What the authorizer remembers of a credential is good for reading: whatever changes something is checked again."""

from collections.abc import Callable

import pytest

from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.identity.tokens import authentication
from lamina.settings import settings
from lamina.users import service as users
from tests.support.aws import Answer, Api, make_user
from tests.support.people import Person, again, person, verified

CONTEXT = RequestContext(None, "test")

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of production, empty."""
    cached = settings().model_copy(update={"authorizer_cache_seconds": 30})
    monkeypatch.setattr(authentication, "settings", lambda: cached)
    monkeypatch.setattr(authentication, "_trusted", {})


def remembered(role: Role = Role.VIEWER) -> Person:
    """Somebody whose session the authorizer has just checked."""
    someone = person("ann", role)
    verified(someone.user)
    assert someone.is_signed_in()
    return someone


def test_a_demoted_admin_cannot_promote_itself_again() -> None:
    ann = remembered(Role.ADMIN)
    users.update(ann.id, {"role": Role.VIEWER}, CONTEXT, if_version=lambda _: True)
    assert ann.is_signed_in(), "the session is remembered for reading"
    for path in ("/v1/users/me", f"/v1/users/{ann.id}"):
        assert ann.api.patch(path, {"role": "admin"}).status == 401
    assert users.get(ann.id).role == Role.VIEWER


CHANGES: dict[str, Callable[[Api, Person], Answer]] = {
    "profile": lambda api, _: api.patch("/v1/users/me", {"name": "Thief"}),
    "user": lambda api, ann: api.delete(f"/v1/users/{ann.id}"),
    "key": lambda api, _: api.post("/v1/api-keys", {"name": "thief", "scopes": ["read"]}),
    "client": lambda api, _: api.post(
        "/v1/oauth-clients", {"name": "thief", "scopes": ["read"], "grant_types": ["client_credentials"]}
    ),
    "factor": lambda api, _: api.post("/v1/auth/mfa/enroll"),
    "webhook": lambda api, _: api.post("/v1/webhooks", {"url": "https://example.com/", "events": ["*"]}),
    "sessions": lambda api, _: api.post("/v1/auth/logout-all"),
    "another user": lambda api, _: api.post(
        "/v1/users", {"email": "thief@example.com", "username": "thief", "name": "Thief", "role": "admin"}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_ended_session_changes_nothing(change: Callable[[Api, Person], Answer]) -> None:
    ann = remembered(Role.ADMIN)
    thief = Api(token=ann.api.token)
    assert again(ann.user).api.delete(f"/v1/auth/sessions/{session_of(ann)}").status == 204
    assert thief.get("/v1/users/me").status == 200, "the session is remembered for reading"
    assert change(thief, ann).status == 401
    assert thief.get("/v1/users/me").status == 401, "what was found out is remembered too"


def test_a_revoked_key_changes_nothing() -> None:
    ann = remembered()
    made = ann.api.post("/v1/api-keys", {"name": "ci", "scopes": ["read", "write"]}).data
    program, key = Api(), {"X-API-Key": made["key"]}
    assert program.get("/v1/users/me", headers=key).status == 200
    assert ann.api.delete(f"/v1/api-keys/{made['id']}").status == 204
    assert program.patch("/v1/users/me", {"name": "Thief"}, headers=key).status == 401


def session_of(who: Person) -> str:
    listed = who.api.get("/v1/auth/sessions").data
    return str(next(session["id"] for session in listed if session["current"]))


def test_whoever_proves_an_address_is_let_in_at_once() -> None:
    ann, bob = person("ann"), make_user("bob")
    assert ann.api.get(f"/v1/users/{bob.id}").status == 403
    verified(ann.user)
    assert ann.api.get(f"/v1/users/{bob.id}").status == 200
