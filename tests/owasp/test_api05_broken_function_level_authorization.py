"""API5:2023: what is for admins is refused to everybody else, by whatever method or path it is asked for."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from docs.build.openapi.endpoints import endpoints
from lamina.access import policy
from lamina.access.policy import Action, Role, Rule
from lamina.users import service as users
from tests.support.aws import PASSWORD, Answer, Api, answer_of, invoke, make_user
from tests.support.people import CONTEXT, Person, activities, again, login, person, verified
from tests.support.samples import API_KEY, sample, store_samples
from tests.support.samples import CLIENT as SOME_CLIENT
from tests.support.templates import functions

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
        ("DELETE", f"{user}/mfa", None),
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
    refused = eve.api.post("/v1/api-keys", {"name": "k", "scopes": scopes})
    assert (refused.status, refused.error["code"]) == (422, "SCOPE_NOT_ALLOWED")
    scopes.remove("manage_users")
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


CHANGES_OF_A_WEBHOOK = [
    ("PATCH", "", {"url": "https://thief.example.com/hook"}),
    ("PATCH", "", {"events": ["user.*", "session.*"]}),
    ("POST", "/rotate-secret", None),
    ("POST", "/test", None),
]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("method", "path", "body"), CHANGES_OF_A_WEBHOOK)
def test_a_webhook_of_everybody_is_changed_by_those_only_who_may_create_one(
    method: str,
    path: str,
    body: Any,
) -> None:
    """A key without `manage_users` must not turn everybody's events to its own endpoint, nor must a demoted admin."""
    root = person("root", Role.ADMIN)
    key = key_of(root, ["read", "write"])
    new = {"url": "https://example.com/hook", "events": ["user.*"], "scope": "all"}
    at = f"/v1/webhooks/{root.api.post('/v1/webhooks', new).data['id']}"
    assert Api().call(method, at + path, body=body, headers=key).status == 403
    assert root.api.call(method, at + path, body=body).status in {200, 202}
    users.update(root.id, {"role": Role.VIEWER}, CONTEXT, if_version=lambda _: True)
    viewer = again(root.user)
    assert viewer.api.call(method, at + path, body=body).status == 403
    assert viewer.api.delete(at).status == 204, "it is the owner's still"


@pytest.mark.usefixtures("aws")
def test_a_demoted_admin_gets_no_replay() -> None:
    root, other = person("root", Role.ADMIN), person("other", Role.ADMIN)
    key = {"Idempotency-Key": "1"}
    assert other.api.post("/v1/oauth-clients", CLIENT, headers=key).status == 201
    root.api.patch(f"/v1/users/{other.id}", {"role": "viewer"})
    assert again(other.user).api.post("/v1/oauth-clients", CLIENT, headers=key).status == 403


ALL = ["read", "write", "delete", "manage_users"]


def key_of(who: Person, scopes: list[str] = ALL) -> dict[str, str]:
    return {"X-API-Key": who.api.post("/v1/api-keys", {"name": "k", "scopes": scopes}).data["key"]}


def token_of_client(who: Person) -> dict[str, str]:
    body = {"name": "c", "scopes": ALL, "grant_types": ["client_credentials"]}
    made = who.api.post("/v1/oauth-clients", body).data
    basic = base64.b64encode(f"{made['client_id']}:{made['client_secret']}".encode()).decode()
    form = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    granted = Api().post("/oauth2/token", "grant_type=client_credentials", headers=form)
    return {"Authorization": f"Bearer {granted.json['access_token']}"}


def set_role(who: Person, role: Role) -> None:
    users.update(who.id, {"role": role}, CONTEXT, if_version=lambda _: True)


def may_manage(headers: Mapping[str, str]) -> bool:
    return Api().get("/v1/users?role=admin", headers=headers).status == 200


@pytest.mark.usefixtures("aws")
def test_a_key_does_not_grow_with_its_owner() -> None:
    eve = person("eve")
    verified(eve.user)
    key = key_of(eve, ["read", "write", "delete"])
    other = make_user("other")
    set_role(eve, Role.ADMIN)
    assert not may_manage(key)
    for method, path, body in administration(other.id):
        assert Api().call(method, path, body=body, headers=key).status == 403, (method, path)
    assert "email" not in Api().get(f"/v1/users/{other.id}", headers=key).data


@pytest.mark.usefixtures("aws")
def test_what_a_smaller_role_takes_from_a_key_a_greater_one_does_not_give_back() -> None:
    root = person("root", Role.ADMIN)
    verified(root.user)
    keys = [key_of(root), key_of(root, ["manage_users", "read"])]
    assert all(map(may_manage, keys))
    set_role(root, Role.VIEWER)
    set_role(root, Role.EDITOR)
    set_role(root, Role.ADMIN)
    assert not any(map(may_manage, keys))
    root = again(root.user)
    assert [key["scopes"] for key in root.api.get("/v1/api-keys").data] == [["read"], ["delete", "read", "write"]]
    assert may_manage(key_of(root))


@pytest.mark.usefixtures("aws")
def test_what_a_smaller_role_takes_from_a_client_a_greater_one_does_not_give_back() -> None:
    root = person("root", Role.ADMIN)
    verified(root.user)
    body = {"name": "c", "scopes": ALL, "grant_types": ["client_credentials"]}
    made = root.api.post("/v1/oauth-clients", body).data
    set_role(root, Role.EDITOR)
    set_role(root, Role.ADMIN)
    basic = base64.b64encode(f"{made['client_id']}:{made['client_secret']}".encode()).decode()
    form = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    granted = Api().post("/oauth2/token", "grant_type=client_credentials", headers=form).json
    assert granted["scope"] == "delete read write"
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    assert Api().get("/v1/users", headers=headers).status == 200
    assert not may_manage(headers)


@pytest.mark.parametrize("credential", [key_of, token_of_client])
@pytest.mark.usefixtures("aws")
def test_a_program_of_an_admin_makes_no_person_and_no_admin(credential: Callable[[Person], dict[str, str]]) -> None:
    root, boss, worker = person("root", Role.ADMIN), make_user("boss", Role.ADMIN), make_user("worker")
    gone = make_user("gone", Role.ADMIN)
    verified(gone)
    users.delete(gone.id, CONTEXT, if_version=lambda _: True)
    verified(worker)
    program = credential(root)
    assert may_manage(program)
    attempts = [
        ("POST", "/v1/users", {**NEW, "role": "admin"}),
        ("POST", "/v1/users", {**NEW, "password": PASSWORD}),
        ("PATCH", f"/v1/users/{worker.id}", {"role": "admin"}),
        ("PUT", f"/v1/users/{worker.id}", {**NEW, "email": worker.email, "role": "admin"}),
        ("PATCH", f"/v1/users/{worker.id}", {"email": "mine@example.com"}),
        ("PATCH", f"/v1/users/{boss.id}", {"role": "viewer"}),
        ("PATCH", f"/v1/users/{boss.id}", {"status": "suspended"}),
        ("PATCH", f"/v1/users/{boss.id}", {"email": "mine@example.com"}),
        ("PATCH", "/v1/users/me", {"role": "viewer"}),
        ("DELETE", f"/v1/users/{boss.id}", None),
        ("POST", f"/v1/users/{gone.id}/restore", None),
        ("DELETE", f"/v1/users/{worker.id}/mfa", None),
        ("POST", "/v1/api-keys", {"name": "k", "scopes": ["read"]}),
        ("POST", "/v1/oauth-clients", CLIENT),
    ]
    for method, path, body in attempts:
        answer = Api().call(method, path, body=body, headers=program)
        assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN"), (method, path, body)
    # What it is for goes on.
    assert Api().post("/v1/users", {**NEW, "role": "editor"}, headers=program).status == 201
    assert Api().patch(f"/v1/users/{worker.id}", {"role": "editor"}, headers=program).status == 200
    assert Api().patch(f"/v1/users/{worker.id}", {"status": "suspended"}, headers=program).status == 200
    assert Api().delete(f"/v1/users/{worker.id}", headers=program).status == 204
    assert Api().post(f"/v1/users/{worker.id}/restore", headers=program).status == 200


@pytest.mark.usefixtures("aws")
def test_an_admin_removes_the_second_factor_of_others_and_never_its_own() -> None:
    root, ann = person("root", Role.ADMIN), person("ann")
    root.enroll()
    ann.enroll()
    own = root.api.delete(f"/v1/users/{root.id}/mfa")
    assert (own.status, own.error["code"]) == (422, "OWN_MFA")
    assert login(ann.user.email).error["code"] == "MFA_REQUIRED"
    assert root.api.delete(f"/v1/users/{ann.id}/mfa").status == 204
    assert login(ann.user.email).status == 200
    assert root.api.delete(f"/v1/users/{ann.id}/mfa").status == 404
    assert activities(ann.id).count("mfa.removed") == 1
