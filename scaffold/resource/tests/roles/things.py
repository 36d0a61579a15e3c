"""What tests of the whole know of things."""

from collections.abc import Callable
from typing import Any

from lamina import ids
from lamina.access.policy import Action, Role
from lamina.things.items import thing_item
from lamina.things.model import Thing
from tests.roles.process import Scenario, forget_idempotency_records, table_busy
from tests.support.aws import signed_in

NOBODYS = {"thing"}
THING = "0190a3f0-0000-7000-8000-0000000000b1"
BODY = {"name": "A name"}


def stored(thing_id: str) -> Thing:
    """A thing as an admin has created it."""
    now = ids.now()
    return Thing(id=thing_id, name="A name", created_at=now, updated_at=now, created_by=None)


def store_sample() -> None:
    thing_item(stored(THING)).save()


def resource() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    request: dict[str, Any] = {"body": BODY, "headers": {"Idempotency-Key": "1"}}
    with table_busy():
        assert admin.post("/v1/things", **request).status == 503
    created = admin.post("/v1/things", **request)
    assert admin.post("/v1/things", **request).json == created.json
    forget_idempotency_records()
    assert admin.post("/v1/things", **request).data == created.data
    admin.post("/v1/things", BODY)
    assert admin.get("/v1/things?limit=1").json["meta"]["has_more"]
    at = f"/v1/things/{created.data['id']}"
    assert admin.get(at).status == 200
    assert admin.patch(at, {"name": "Another name"}).status == 200
    assert admin.delete(at).status == 204


SCENARIOS: dict[str, Scenario] = {
    "things/create": resource,
    "things/delete": resource,
    "things/get": resource,
    "things/list": resource,
    "things/update": resource,
}

EVERYBODY = {Role.ADMIN, Role.EDITOR, Role.VIEWER}
WRITERS = {Role.ADMIN, Role.EDITOR}
ALLOWED = {
    Action.THING_READ: (EVERYBODY, EVERYBODY),
    Action.THING_WRITE: (WRITERS, WRITERS),
    Action.THING_DELETE: ({Role.ADMIN}, {Role.ADMIN}),
}


def questions(inside: Any) -> dict[Action, Callable[[Any, str], int]]:
    def path() -> str:
        thing = stored(ids.new_id())
        inside.put(thing_item(thing))
        return f"/v1/things/{thing.id}"

    return {
        Action.THING_READ: lambda asker, _: asker.get(path()).status,
        Action.THING_WRITE: lambda asker, _: asker.post("/v1/things", BODY).status,
        Action.THING_DELETE: lambda asker, _: asker.delete(path()).status,
    }
