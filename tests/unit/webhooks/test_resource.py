"""The resource `webhooks`, as its owner, admins and strangers see it."""

from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.storage.item import Item
from lamina.webhooks import directory
from lamina.webhooks.items import EVERYBODY, DirectoryItem, directory_key
from tests.roles.process import forget_idempotency_records
from tests.support.aws import Answer, Api
from tests.support.people import Person, activities, events_of, person

pytestmark = pytest.mark.usefixtures("aws")

BODY = {"url": "https://example.com/hooks?token=in-the-url", "events": ["user.*"]}
NOBODYS = "/v1/webhooks/0190a3f0-0000-7000-8000-000000000000"


def make(who: Person, **fields: object) -> Any:
    answer = who.api.post("/v1/webhooks", {**BODY, **fields})
    assert answer.status == 201, answer.body
    return answer.data


def path(made: Any) -> str:
    return f"/v1/webhooks/{made['id']}"


def test_the_secret_of_a_webhook_is_returned_once() -> None:
    ann = person("ann")
    answer = ann.api.post("/v1/webhooks", {**BODY, "description": "Shop floor"})
    made = answer.data
    assert made["secret"].startswith("whsec_")
    assert (made["scope"], made["status"], made["version"], made["owner_id"]) == ("own", "enabled", 1, ann.id)
    assert answer.headers["Location"].endswith(path(made))
    read = ann.api.get(path(made))
    assert read.data == {name: value for name, value in made.items() if name != "secret"}
    assert read.headers["ETag"] == answer.headers["ETag"]
    assert ann.api.get("/v1/webhooks").data == [read.data]


def test_neither_secret_nor_url_is_in_clear_where_it_does_not_belong(caplog: pytest.LogCaptureFixture) -> None:
    ann = person("ann")
    made = make(ann)
    rotated = ann.api.post(f"{path(made)}/rotate-secret").data
    kept = str([item.to_dynamodb_dict() for item in Item.scan(consistent_read=True)])
    for secret in (made["secret"], rotated["secret"]):
        assert secret not in kept
        assert secret not in str([vars(record) for record in caplog.records])
    assert "in-the-url" not in str([item.data for item in events_of(ann.id)])
    assert "in-the-url" not in str([vars(record) for record in caplog.records])


def test_what_becomes_of_a_webhook_is_among_the_activities_of_its_owner() -> None:
    ann, admin = person("ann"), person("root", Role.ADMIN)
    made = make(ann)
    admin.api.patch(path(made), {"description": "By the admin"})
    ann.api.patch(path(made), {"description": "By the admin"})
    ann.api.post(f"{path(made)}/rotate-secret")
    ann.api.delete(path(made))
    own = [name for name in activities(ann.id) if name.startswith("webhook.")]
    assert own == ["webhook.created", "webhook.updated", "webhook.secret_rotated", "webhook.deleted"]
    updated = next(item for item in events_of(ann.id) if item.event_type == "webhook.updated")
    assert (updated.actor, updated.data) == (admin.id, {"webhook_id": made["id"], "changed": ["description"]})


def test_to_anybody_but_the_owner_and_admins_there_is_no_such_webhook() -> None:
    ann, bob, admin = person("ann"), person("bob", Role.EDITOR), person("root", Role.ADMIN)
    made = make(ann)
    delivery = ann.api.post(f"{path(made)}/test").data
    asked: list[tuple[str, str, object]] = [
        ("GET", path(made), None),
        ("PATCH", path(made), {"description": "x"}),
        ("POST", f"{path(made)}/rotate-secret", None),
        ("POST", f"{path(made)}/test", None),
        ("GET", f"{path(made)}/deliveries", None),
        ("POST", f"{path(made)}/deliveries/{delivery['id']}/redeliver", None),
        ("DELETE", path(made), None),
    ]
    for method, target, body in asked:
        refused, unknown = bob.api.call(method, target, body=body), target.replace(path(made), NOBODYS)
        assert (refused.status, refused.error["code"]) == (404, "NOT_FOUND"), method
        assert refused.error["message"] == bob.api.call(method, unknown, body=body).error["message"]
        assert Api().call(method, target, body=body).status == 401
    for method, target, body in asked:
        assert admin.api.call(method, target, body=body).status < 300, (method, target)


def test_anothers_webhooks_are_listed_for_admins_alone() -> None:
    ann, bob, admin = person("ann"), person("bob"), person("root", Role.ADMIN)
    made = make(ann)
    assert [each["id"] for each in admin.api.get(f"/v1/webhooks?owner_id={ann.id}").data] == [made["id"]]
    assert admin.api.get("/v1/webhooks").data == []
    assert bob.api.get(f"/v1/webhooks?owner_id={ann.id}").status == 403
    assert len(ann.api.get(f"/v1/webhooks?owner_id={ann.id}").data) == 1


def test_scope_all_requires_manage_users() -> None:
    ann, admin = person("ann", Role.EDITOR), person("root", Role.ADMIN)
    assert ann.api.post("/v1/webhooks", {**BODY, "scope": "all"}).status == 403
    made = make(admin, scope="all")
    assert admin.api.patch(path(made), {"scope": "own"}).status == 400


def test_a_key_does_with_webhooks_what_its_scopes_say() -> None:
    ann = person("ann")
    made = make(ann)
    statuses = {}
    for scope in ("read", "write", "delete"):
        key = ann.api.post("/v1/api-keys", {"name": scope, "scopes": [scope]}).data["key"]
        statuses[scope] = [
            Api().call(method, path(made), body=body, headers={"X-API-Key": key}).status
            for method, body in (("GET", None), ("PATCH", {"description": scope}), ("DELETE", None))
        ]
    assert statuses == {"read": [200, 403, 403], "write": [403, 200, 403], "delete": [403, 403, 204]}


def test_twenty_webhooks_are_enough() -> None:
    ann = person("ann")
    made = [make(ann, description=str(number)) for number in range(20)]
    refused = ann.api.post("/v1/webhooks", BODY)
    assert (refused.status, refused.error["code"]) == (422, "TOO_MANY_WEBHOOKS")
    assert ann.api.delete(path(made[3])).status == 204
    make(ann)
    make(person("bob"))


def test_a_hundred_that_hear_of_everybody_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "MOST_FOR_EVERYBODY", 1)
    admin = person("root", Role.ADMIN)
    first = make(admin, scope="all")
    assert admin.api.post("/v1/webhooks", {**BODY, "scope": "all"}).error["code"] == "TOO_MANY_WEBHOOKS"
    make(admin)
    admin.api.delete(path(first))
    assert DirectoryItem.get(*directory_key(EVERYBODY)).webhook_ids == []
    make(admin, scope="all")


def test_a_list_is_paged_forth_and_back() -> None:
    ann = person("ann")
    made = [make(ann, description=str(number))["id"] for number in range(5)]
    first = ann.api.get("/v1/webhooks?limit=2").json
    assert [each["id"] for each in first["data"]] == made[:2:-1]
    assert first["meta"]["total"] == 5
    second = ann.api.get(_target(first, "next")).json
    third = ann.api.get(_target(second, "next")).json
    assert [each["id"] for each in [*second["data"], *third["data"]]] == made[2::-1]
    assert "next" not in third["links"]
    assert ann.api.get(_target(third, "prev")).json["data"] == second["data"]
    assert ann.api.get(_target(second, "prev")).json["data"] == first["data"]


def _target(page: Any, relation: str) -> str:
    return str(page["links"][relation]).removeprefix("/live")


def test_deliveries_are_listed_newest_first_and_by_status() -> None:
    ann = person("ann")
    made = make(ann)
    sent = [ann.api.post(f"{path(made)}/test").data["id"] for _ in range(3)]
    assert [each["id"] for each in ann.api.get(f"{path(made)}/deliveries").data] == sent[::-1]
    page = ann.api.get(f"{path(made)}/deliveries?status=pending&limit=2").json
    following = ann.api.get(_target(page, "next")).json
    assert [each["id"] for each in [*page["data"], *following["data"]]] == sent[::-1]
    assert ann.api.get(f"{path(made)}/deliveries?status=failed").data == []
    assert ann.api.get(f"{path(made)}/deliveries?status=lost").status == 400
    assert ann.api.post(f"{path(made)}/deliveries/{made['id']}/redeliver").status == 404


def test_the_same_key_gets_the_same_webhook_and_secret_even_after_a_crash() -> None:
    ann = person("ann")
    request = {"body": BODY, "headers": {"Idempotency-Key": "one"}}
    made = ann.api.post("/v1/webhooks", **request)
    again = ann.api.post("/v1/webhooks", **request)
    assert (again.data, again.headers["Idempotent-Replayed"]) == (made.data, "true")
    forget_idempotency_records()
    assert ann.api.post("/v1/webhooks", **request).data == made.data
    assert len(ann.api.get("/v1/webhooks").data) == 1


def test_a_change_goes_over_the_version_that_is_named() -> None:
    ann = person("ann")
    made = make(ann)
    tag = ann.api.get(path(made)).headers["ETag"]
    changed = ann.api.patch(path(made), {"events": ["*", "user.*", "*"]}, headers={"If-Match": tag})
    assert (changed.status, changed.data["events"], changed.data["version"]) == (200, ["*", "user.*"], 2)
    assert ann.api.patch(path(made), {"events": ["*"]}, headers={"If-Match": tag}).status == 412
    assert ann.api.patch(path(made), {"events": ["*", "user.*"]}).data["version"] == 2
    assert ann.api.delete(path(made), headers={"If-Match": tag}).status == 412
    assert ann.api.patch(path(made), {}).data == changed.data


BAD: list[tuple[dict[str, object], str]] = [
    ({"url": "http://example.com/"}, "url"),
    ({"url": "https://169.254.169.254/latest/"}, "url"),
    ({"url": "https://user:password@example.com/"}, "url"),
    ({"url": "https://localhost/"}, "url"),
    ({"url": ""}, "url"),
    ({"url": 1}, "url"),
    ({"events": []}, "events"),
    ({"events": ["user.*"] * 21}, "events"),
    ({"events": ["User.created"]}, "events.0"),
    ({"events": ["*.created"]}, "events.0"),
    ({"events": ["user.*", "user.update"]}, "events.1"),
    ({"events": ["x" * 101]}, "events.0"),
    ({"events": "*"}, "events"),
    ({"description": "x" * 201}, "description"),
    ({"description": "\n"}, "description"),
    ({"status": "broken"}, "status"),
    ({"secret": "whsec_mine"}, "secret"),
    ({"owner_id": "0190a3f0-0000-7000-8000-000000000000"}, "owner_id"),
]


@pytest.mark.parametrize(("fields", "field"), BAD)
def test_what_is_wrong_is_named(fields: dict[str, object], field: str) -> None:
    ann = person("ann")
    made = make(ann)
    answers: list[Answer] = [ann.api.patch(path(made), fields)]
    if "status" not in fields:
        answers.append(ann.api.post("/v1/webhooks", {**BODY, **fields}))
    for answer in answers:
        assert answer.status == 400, answer.body
        assert [detail["field"] for detail in answer.error["details"]] == [field]


def test_enabling_forgets_that_the_endpoint_was_failing() -> None:
    ann = person("ann")
    made = make(ann)
    assert ann.api.patch(path(made), {"status": "disabled"}).data["disabled_reason"] is None
    refused = ann.api.post(f"{path(made)}/test")
    assert (refused.status, refused.error["code"]) == (422, "WEBHOOK_DISABLED")
    assert ann.api.patch(path(made), {"status": "enabled"}).data["status"] == "enabled"
    assert ann.api.post(f"{path(made)}/test").status == 202
