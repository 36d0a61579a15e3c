"""Accounts and users."""

from collections.abc import Callable
from typing import Any

from lamina import ids
from tests.integration.access_patterns.pattern import Pattern, World
from tests.support.aws import PASSWORD, Answer, Api, authorize


def _registration() -> dict[str, Any]:
    name = f"new.{ids.new_id()[-6:]}"
    return {"email": f"{name}@example.com", "username": name, "name": "Somebody New", "password": PASSWORD}


def _key(_: World) -> dict[str, str]:
    return {"Idempotency-Key": ids.new_id()}


def _register(_: World, key: dict[str, str] | None) -> Answer:
    return Api().post("/v1/auth/register", _registration(), headers=key)


def _registered(world: World) -> tuple[dict[str, Any], dict[str, str]]:
    body, key = _registration(), _key(world)
    Api().post("/v1/auth/register", body, headers=key)
    return body, key


def _replay(_: World, sent: tuple[dict[str, Any], dict[str, str]]) -> Answer:
    body, key = sent
    return Api().post("/v1/auth/register", body, headers=key)


def sign_in(world: World, _: object) -> Answer:
    return Api().post("/v1/auth/login", {"email": world.somebody.email, "password": PASSWORD})


def signed_in(world: World) -> Api:
    return Api(token=sign_in(world, None).data["access_token"])


REQUEST_CONTEXT = {"identity": {"sourceIp": "203.0.113.7"}}


def authorized(world: World, _: object) -> object:
    headers = {"Authorization": f"Bearer {world.viewer.token}"}
    return authorize(
        {"httpMethod": "GET", "path": "/v1/users/me", "headers": headers, "requestContext": REQUEST_CONTEXT}
    )


def get(target: str, as_viewer: bool = False) -> Callable[[World, Any], Answer]:
    def act(world: World, cursor: str | None) -> Answer:
        client = world.viewer if as_viewer else world.admin
        return client.get(target.format(id=world.somebody.id) + (f"&cursor={cursor}" if cursor else ""))

    return act


def _second_page(target: str) -> Callable[[World], str]:
    return lambda world: str(world.admin.get(target).json["meta"]["next_cursor"])


def _patch(**changes: object) -> Callable[[World, Any], Answer]:
    def act(world: World, _: object) -> Answer:
        mail = {"email": f"other.{ids.new_id()[-6:]}@example.com"} if "email" in changes else {}
        return world.admin.patch(f"/v1/users/{world.somebody.id}", {**changes, **mail})

    return act


def _delete(world: World, _: object = None) -> Answer:
    return world.admin.delete(f"/v1/users/{world.somebody.id}")


def _restore(world: World, _: object) -> Answer:
    return world.admin.post(f"/v1/users/{world.somebody.id}/restore")


PATTERNS = (
    Pattern("Register an account", "POST /v1/auth/register", _register),
    Pattern("… with an Idempotency-Key", "POST /v1/auth/register", _register, _key),
    Pattern("… a replay of the same key", "POST /v1/auth/register", _replay, _registered),
    Pattern("Sign in", "POST /v1/auth/login", sign_in),
    Pattern("Sign out", "POST /v1/auth/logout", lambda _, client: client.post("/v1/auth/logout"), signed_in),
    Pattern("Check a token's session", "authorizer, in addition to each authenticated call", authorized),
    Pattern("Read a user", "GET /v1/users/{id}", get("/v1/users/{id}")),
    Pattern("Read your own user", "GET /v1/users/me", get("/v1/users/me")),
    Pattern("List, newest first", "GET /v1/users", get("/v1/users?limit=20")),
    Pattern("… by cursor", "GET /v1/users", get("/v1/users?limit=20"), _second_page("/v1/users?limit=20")),
    Pattern("… sorted by e-mail address", "GET /v1/users", get("/v1/users?limit=20&sort=email")),
    Pattern("… sorted by username", "GET /v1/users", get("/v1/users?limit=20&sort=-username")),
    Pattern("… filtered by role", "GET /v1/users", get("/v1/users?limit=20&role=viewer")),
    Pattern("… filtered by status", "GET /v1/users", get("/v1/users?limit=20&status=active")),
    Pattern(
        "… filtered by role and status",
        "GET /v1/users",
        get("/v1/users?limit=20&role=viewer&status=active&sort=email"),
    ),
    Pattern("… by role, sorted by username", "GET /v1/users", get("/v1/users?limit=20&role=viewer&sort=username")),
    Pattern("… only deleted users", "GET /v1/users", get("/v1/users?limit=2&deleted=true")),
    Pattern("… page 3 by number", "GET /v1/users", get("/v1/users?limit=20&page=3")),
    Pattern("Search, as a viewer", "GET /v1/users", get("/v1/users?limit=10&search=smith", as_viewer=True)),
    Pattern("Search, as an admin", "GET /v1/users", get("/v1/users?limit=10&search=smith")),
    Pattern("… by e-mail address", "GET /v1/users", get("/v1/users?limit=10&search=the.admin@example.com")),
    Pattern("Update a name", "PATCH /v1/users/{id}", _patch(name="Quite Another")),
    Pattern("Update an e-mail address", "PATCH /v1/users/{id}", _patch(email="")),
    Pattern("Update a role", "PATCH /v1/users/{id}", _patch(role="editor")),
    Pattern("Update without a change", "PATCH /v1/users/{id}", _patch(metadata={"team": "blue"})),
    Pattern("Delete a user", "DELETE /v1/users/{id}", _delete),
    Pattern("Restore a user", "POST /v1/users/{id}/restore", _restore, _delete),
)
