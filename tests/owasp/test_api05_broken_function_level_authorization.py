"""API5:2023: what is for admins is refused to everybody else, by whatever method or path it is asked for."""

from typing import Any

import pytest

from docs.build.openapi.endpoints import endpoints
from lamina.access import policy
from lamina.access.policy import Action, Role, Rule
from tests.aws import Answer, Api, answer_of, invoke, make_user
from tests.people import Person, again, person
from tests.samples import API_KEY, sample, store_samples
from tests.samples import CLIENT as SOME_CLIENT
from tests.templates import functions

CLIENT = {"name": "c", "scopes": ["read"], "grant_types": ["client_credentials"]}
NEW = {"email": "new@example.com", "username": "new", "name": "New"}


def administration(other_id: str) -> list[tuple[str, str, Any]]:
    user = f"/v1/users/{other_id}"
    return [
        ("POST", "/v1/users", NEW),
        ("PATCH", user, {"role": "admin"}),
        ("PATCH", user, {"status": "suspended"}),
        ("PUT", user, {**NEW, "role": "admin"}),
        ("DELETE", user, None),
        ("POST", f"{user}/restore", None),
        ("GET", "/v1/users?role=admin", None),
        ("GET", "/v1/users?status=suspended", None),
        ("GET", "/v1/users?sort=email", None),
        ("POST", "/v1/oauth-clients", CLIENT),
        ("GET", "/v1/oauth-clients", None),
        ("DELETE", "/v1/oauth-clients/01890a5d-ac96-774b-bcce-b302099a8057", None),
    ]


@pytest.fixture(params=[Role.VIEWER, Role.EDITOR])
def eve(aws: None, request: pytest.FixtureRequest) -> Person:  # noqa: ARG001 (the table must be there)
    return person("eve", request.param)


def test_administration_is_refused_to_everybody_else(eve: Person) -> None:
    for method, path, body in administration(make_user("other").id):
        answer = eve.api.call(method, path, body=body)
        assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN"), (method, path)


def test_a_key_or_token_with_every_scope_does_not_make_an_admin(eve: Person) -> None:
    scopes = ["read", "write", "delete", "manage_users"]
    key = eve.api.post("/v1/api-keys", {"name": "k", "scopes": scopes}).data["key"]
    for method, path, body in administration(make_user("other").id):
        assert Api().call(method, path, body=body, headers={"X-API-Key": key}).status == 403, (method, path)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-HTTP-Method-Override": "GET"},
        {"X-Original-URL": "/v1/users/me"},
        {"X-Role": "admin"},
        {"X-Amzn-Authorizer-Role": "admin"},
        {"role": "admin"},
    ],
)
def test_no_header_opens_what_the_role_closes(eve: Person, headers: dict[str, str]) -> None:
    assert eve.api.post("/v1/users", NEW, headers=headers).status == 403


@pytest.mark.parametrize("path", ["/v1/admin", "/v1/Users", "/v1/users/", "/v1//users", "/admin", "/v1/users/me/role"])
def test_there_is_no_other_door(eve: Person, path: str) -> None:
    assert eve.api.get(path).status in (403, 404)


@pytest.mark.usefixtures("aws")
def test_an_admin_is_one_no_longer_from_the_next_request_on() -> None:
    root, other = person("root", Role.ADMIN), person("other", Role.ADMIN)
    assert root.api.patch(f"/v1/users/{other.id}", {"role": "viewer"}).status == 200
    assert other.api.get("/v1/oauth-clients").status == 401


CREATING = {f"{each.folder}/{each.file}": each for each in endpoints() if each.idempotent and not each.app.public}


def create(place: str, **claims: str) -> Answer:
    """Send the sample request of an endpoint with an idempotency key, by a caller of whom this is different."""
    event = sample(place)
    event["headers"] |= {"Idempotency-Key": "1"}
    event["multiValueHeaders"] |= {"Idempotency-Key": ["1"]}
    event["requestContext"]["authorizer"] |= claims
    return answer_of(invoke(next(each for each in functions() if each.place == place), event))


@pytest.fixture
def _created(aws: None, place: str) -> None:  # noqa: ARG001 (the table must be there)
    store_samples()
    assert create(place).status < 300
    assert create(place).headers["Idempotent-Replayed"] == "true"


@pytest.mark.usefixtures("_created")
@pytest.mark.parametrize("place", CREATING)
def test_a_replay_is_refused_to_whoever_may_not_ask_any_more(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "RULES", {action: Rule(None) for action in Action})
    answer = create(place)
    assert answer.status in (403, 404)
    assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.usefixtures("_created")
@pytest.mark.parametrize("place", CREATING)
def test_a_read_only_key_of_the_owner_gets_no_replay(place: str) -> None:
    for scope in ("read", ""):
        assert create(place, credential="api_key", credential_id=API_KEY, scope=scope).status == 403


@pytest.mark.usefixtures("_created")
@pytest.mark.parametrize("place", CREATING)
@pytest.mark.parametrize("claims", [{"credential_id": SOME_CLIENT}, {"scope": "write delete read manage_users openid"}])
def test_another_credential_gets_no_replay(place: str, claims: dict[str, str]) -> None:
    assert "Idempotent-Replayed" not in create(place, **claims).headers


@pytest.mark.usefixtures("aws")
def test_a_demoted_admin_gets_no_replay() -> None:
    root, other = person("root", Role.ADMIN), person("other", Role.ADMIN)
    key = {"Idempotency-Key": "1"}
    assert other.api.post("/v1/oauth-clients", CLIENT, headers=key).status == 201
    root.api.patch(f"/v1/users/{other.id}", {"role": "viewer"})
    assert again(other.user).api.post("/v1/oauth-clients", CLIENT, headers=key).status == 403
