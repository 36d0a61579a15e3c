"""API5:2023: what is for admins is refused to everybody else, by whatever method or path it is asked for."""

from typing import Any

import pytest

from lamina.access.policy import Role
from tests.aws import Api, make_user
from tests.people import Person, person

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
