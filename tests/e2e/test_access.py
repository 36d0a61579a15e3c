"""Roles decide, and sessions end at once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, SEED_PASSWORD, Inside, register

pytestmark = pytest.mark.xdist_group("stack")

SESSION_ENDS: dict[str, Callable[[Client, Client, str], int]] = {
    "logout": lambda me, _, __: me.post("/v1/auth/logout").status,
    "suspension": lambda _, admin, path: admin.patch(path, {"status": "suspended"}).status,
    "deactivation": lambda _, admin, path: admin.patch(path, {"status": "inactive"}).status,
    "promotion": lambda _, admin, path: admin.patch(path, {"role": "editor"}).status,
    "deletion": lambda _, admin, path: admin.delete(path).status,
    "deletion by oneself": lambda me, _, path: me.delete(path).status,
}


@pytest.mark.parametrize("end", SESSION_ENDS)
def test_a_session_ends_at_once_with(
    anyone: Client, admin: Client, inside: Inside, newcomer: dict[str, Any], end: str
) -> None:
    inside.verify(newcomer["id"])
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    assert me.get("/v1/users/me").status == 200
    assert SESSION_ENDS[end](me, admin, f"/v1/users/{newcomer['id']}") in (200, 204)
    refused = me.get("/v1/users/me")
    assert (refused.status, refused.error["code"]) == (401, "UNAUTHENTICATED")
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


def test_logging_out_ends_one_session_and_not_the_other(anyone: Client, newcomer: dict[str, Any]) -> None:
    one, other = (anyone.signed_in(newcomer["email"], PASSWORD) for _ in range(2))
    assert one.post("/v1/auth/logout").status == 204
    assert (one.get("/v1/users/me").status, other.get("/v1/users/me").status) == (401, 200)


def test_an_admin_who_is_demoted_is_none_from_the_next_request_on(
    anyone: Client, admin: Client, inside: Inside
) -> None:
    user = register(anyone)
    inside.verify(user["id"])
    path = f"/v1/users/{user['id']}"
    admin.patch(path, {"role": "admin"})
    promoted = anyone.signed_in(user["email"], PASSWORD)
    assert promoted.get("/v1/users?role=admin").status == 200
    admin.patch(path, {"role": "viewer"})
    assert promoted.get("/v1/users?role=admin").status == 401
    assert anyone.signed_in(user["email"], PASSWORD).get("/v1/users?role=admin").status == 403


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_who_is_no_admin_cannot_touch_others_nor_raise_itself(anyone: Client, seeded: str, role: str) -> None:
    assert seeded
    other = register(anyone)
    me = anyone.signed_in(f"{role}@lamina.test", SEED_PASSWORD)
    path, mine = f"/v1/users/{other['id']}", me.get("/v1/users/me")
    whole = {name: other[name] for name in ("email", "username", "name")}
    new = {"email": "x@example.com", "username": "never-made", "name": "N"}
    refused = [
        me.patch(path, {"name": "Mine Now"}),
        me.put(path, whole),
        me.delete(path),
        me.post(f"{path}/restore"),
        me.post("/v1/users", new),
        me.patch("/v1/users/me", {"role": "admin"}),
        me.patch("/v1/users/me", {"status": "active"}),
        me.patch("/v1/users/me", {"email_verified": False}),
    ]
    assert [(answer.status, answer.error["code"]) for answer in refused] == [(403, "FORBIDDEN")] * len(refused)
    for field in ("created_by", "created_at", "version", "id", "deleted_at", "avatar_url"):
        answer = me.patch("/v1/users/me", {field: mine.data[field]})
        assert (answer.status, answer.error["details"][0]["field"]) == (400, field)
    assert me.get("/v1/users/me").data == mine.data
    assert set(me.get(path).data) == {"id", "username", "name", "avatar_url", "created_at"}


def test_nobody_registers_as_more_than_a_viewer(anyone: Client) -> None:
    body = {"email": "r@example.com", "username": "root-user", "name": "R", "password": PASSWORD, "role": "admin"}
    answer = anyone.post("/v1/auth/register", body)
    assert (answer.status, answer.error["details"][0]["field"]) == (400, "role")


def test_without_a_credential_nothing_but_the_open_endpoints_answers(anyone: Client, newcomer: dict[str, Any]) -> None:
    path = f"/v1/users/{newcomer['id']}"
    closed = [
        anyone.get("/v1/users"),
        anyone.get("/v1/users/me"),
        anyone.get(path),
        anyone.post("/v1/users", {}),
        anyone.put(path, {}),
        anyone.patch(path, {}),
        anyone.delete(path),
        anyone.post("/v1/auth/logout"),
    ]
    assert {(answer.status, answer.error["code"]) for answer in closed} == {(401, "UNAUTHENTICATED")}
    assert {answer.headers["WWW-Authenticate"] for answer in closed} == {'Bearer realm="lamina"'}
