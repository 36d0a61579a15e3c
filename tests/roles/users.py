"""Users."""

from collections.abc import Mapping
from typing import Any

from lamina.access.policy import Role
from lamina.events.envelope import envelope
from tests.roles.gateway import authorizer
from tests.roles.process import Scenario, forget_idempotency_records, place
from tests.support.aws import PASSWORD, invoke, make_user, signed_in
from tests.support.people import events_of, person
from tests.support.queues import batch

ANYBODY = {"email": "ada@example.com", "username": "ada", "name": "Ada", "password": PASSWORD}
CHANGES = ({"name": "Ada Ada"}, {"username": "lovelace"}, {"age": 36})
ADDRESSES = ({"email": "lovelace@example.com"}, {"email": "ada@example.org", "email_verified": True})
"""What an administrator sets for others."""


def create() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    request = {"body": {**ANYBODY, "role": "editor"}, "headers": {"Idempotency-Key": "1"}}
    made = admin.post("/v1/users", **request)
    assert admin.post("/v1/users", **request).headers["Idempotent-Replayed"] == "true"
    forget_idempotency_records()
    assert admin.post("/v1/users", **request).data["id"] == made.data["id"]
    assert admin.post("/v1/users", ANYBODY, headers={"Idempotency-Key": "2"}).status == 409


def list_users() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    make_user("adam", Role.ADMIN)
    for query in ("", "?role=admin", "?status=active", "?role=admin&status=active", "?deleted=true", "?search=adm"):
        found = admin.get(f"/v1/users{query}")
        assert found.status == 200
        assert admin.get(f"/v1/users{query}{'&' if query else '?'}limit=1").json["meta"]["limit"] == 1


def change(method: str, path: str, *bodies: Mapping[str, Any]) -> None:
    ada, user = signed_in("ada", Role.ADMIN)
    for body in bodies:
        assert ada.call(method, path.format(user_id=user.id), body=body).status == 200


def change_other(method: str, *bodies: Mapping[str, Any]) -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    bob = make_user("bob", email_verified=True)
    for body in bodies:
        assert admin.call(method, f"/v1/users/{bob.id}", body=body).status == 200


def update() -> None:
    change("PATCH", "/v1/users/{user_id}", *CHANGES)
    change_other("PATCH", {"name": "Bob Bob"}, *ADDRESSES)


def update_me() -> None:
    change("PATCH", "/v1/users/me", *CHANGES)


def replace() -> None:
    whole = {"email": "ada@example.com", "username": "ada", "name": "Ada Ada"}
    change("PUT", "/v1/users/{user_id}", whole, whole | {"username": "lovelace"})
    change_other("PUT", whole | {"username": "bob", "email": "b@example.com"})


def delete() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    _, user = signed_in("ada")
    assert admin.delete(f"/v1/users/{user.id}").status == 204


def restore() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    _, user = signed_in("ada")
    admin.delete(f"/v1/users/{user.id}")
    assert admin.post(f"/v1/users/{user.id}/restore").status == 200


def delete_mfa() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    ada = person("ada")
    ada.enroll()
    assert [admin.delete(f"/v1/users/{ada.id}/mfa").status for _ in range(2)] == [204, 404]


def get() -> None:
    ada, user = signed_in("ada")
    assert ada.get(f"/v1/users/{user.id}").status == 200


def list_activities() -> None:
    ada, user = signed_in("ada")
    events = batch("consumers/record_activities", map(envelope, events_of(user.id)))
    assert invoke(place("consumers/record_activities"), events) == {"batchItemFailures": []}
    path = f"/v1/users/{user.id}/activities?limit=1"
    assert ada.get(f"{path}&cursor={ada.get(path).json['meta']['next_cursor']}").status == 200


SCENARIOS: dict[str, Scenario] = {
    "users/create": create,
    "users/delete": delete,
    "users/delete_mfa": delete_mfa,
    "users/get": get,
    "users/get_me": authorizer,
    "users/list": list_users,
    "users/list_activities": list_activities,
    "users/replace": replace,
    "users/restore": restore,
    "users/update": update,
    "users/update_me": update_me,
}
