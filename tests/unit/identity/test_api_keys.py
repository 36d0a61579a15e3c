"""API keys: narrow, revocable, and of one spelling."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lamina import ids
from lamina.access.policy import Permission, Role
from lamina.events.request_context import RequestContext
from lamina.identity.credentials import api_keys
from lamina.identity.credentials.api_keys import ApiKeyItem
from lamina.storage.item import Item
from lamina.users import service as users
from operations import revoke_api_key
from tests.support.aws import Answer, Api
from tests.support.callers import in_session
from tests.support.people import Person, activities, person

CONTEXT = RequestContext(None, "test")

pytestmark = pytest.mark.usefixtures("aws")


def make(who: Person, *scopes: str, **fields: object) -> Any:
    answer = who.api.post("/v1/api-keys", {"name": "ci", "scopes": list(scopes) or ["read"], **fields})
    assert answer.status == 201, answer.body
    return answer.data


def me(key: str) -> Answer:
    return Api().get("/v1/users/me", headers={"X-API-Key": key})


def test_a_key_is_returned_once_and_then_shown_by_its_prefix() -> None:
    ann = person("ann")
    made = make(ann)
    assert made["key"].startswith(made["prefix"])
    assert made["key"].startswith("lam_")
    assert len(made["prefix"]) < len(made["key"]) / 4
    (listed,) = ann.api.get("/v1/api-keys").data
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert me(made["key"]).data["id"] == ann.id


def test_only_a_hash_of_its_secret_is_kept_and_no_event_holds_it() -> None:
    secret = make(person("ann"))["key"].split("_", 2)[2]
    assert len(secret) >= 40
    assert secret not in str([item.to_dynamodb_dict() for item in Item.scan(consistent_read=True)])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1],
        lambda key: key + "A",
        lambda key: key.upper(),
        lambda key: key.replace("lam_", "LAM_"),
        lambda key: key.replace("lam_", ""),
        lambda key: f" {key}",
        lambda key: f"Bearer {key}",
        lambda key: f"{key}, {key}",
        lambda key: "_".join([*key.split("_")[:2], "A" * 43]),
        lambda key: "lam_" + key.split("_", 1)[1].upper(),
        lambda key: key.replace("_", "=_", 2),
        lambda _: "lam__",
        lambda _: "lam_" + base64.b32encode(b"\xff" * 32).decode().rstrip("=").lower() + "_x",
        lambda _: "lam_aaaa_x",
        lambda _: "é",
        lambda _: "x" * 10_000,
        lambda _: "",
    ],
)
def test_a_key_that_differs_from_the_returned_one_is_refused(spoil: Any) -> None:
    answer = me(spoil(make(person("ann"))["key"]))
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")
    assert "WWW-Authenticate" in answer.headers


def test_a_key_of_one_cannot_be_pointed_at_another() -> None:
    ann, bob = person("ann"), person("bob")
    _, where, _ = make(ann)["key"].split("_", 2)
    _, _, secret = make(bob)["key"].split("_", 2)
    assert me(f"lam_{where}_{secret}").status == 401


def test_a_key_is_no_bearer_token_and_a_token_is_no_key() -> None:
    ann = person("ann")
    key = make(ann)["key"]
    for _ in range(2):  # the second time from the authorizer's cache, if it were to keep them
        assert Api(token=key).get("/v1/users/me").status == 401
        assert me(ann.api.token).status == 401
        assert me(f"Bearer {ann.api.token}").status == 401
        assert Api().get("/v1/users/me", headers={"Authorization": key}).status == 401
        assert me(key).status == 200


def test_a_bad_token_is_not_made_good_by_a_key_beside_it() -> None:
    key = make(person("ann"))["key"]
    assert Api(token="bad").get("/v1/users/me", headers={"X-API-Key": key}).status == 401


def test_a_key_does_what_its_scopes_say_and_nothing_else() -> None:
    ann = person("ann")
    read, write = make(ann, "read")["key"], make(ann, "write")["key"]
    change = {"name": "Another"}
    assert me(read).status == 200
    assert Api().patch("/v1/users/me", change, headers={"X-API-Key": read}).status == 403
    assert Api().patch("/v1/users/me", change, headers={"X-API-Key": write}).status == 200
    assert me(write).status == 403


def test_a_key_never_does_more_than_its_owner_may_now() -> None:
    ann, admin = person("ann"), person("root", Role.ADMIN)
    reach = {"name": "ci", "scopes": list(Permission)}
    assert ann.api.post("/v1/api-keys", reach).error["code"] == "SCOPE_NOT_ALLOWED"
    key = make(admin, *Permission)["key"]
    assert Api().get("/v1/users?role=admin", headers={"X-API-Key": key}).status == 200
    users.update(admin.id, {"role": "viewer"}, CONTEXT, if_version=lambda _: True)
    assert Api().get("/v1/users?role=admin", headers={"X-API-Key": key}).status == 403


@pytest.mark.parametrize("status", ["suspended", "inactive", "deleted"])
def test_a_key_of_whoever_may_not_sign_in_is_refused(status: str) -> None:
    ann = person("ann")
    key = make(ann)["key"]
    if status == "deleted":
        users.delete(ann.id, CONTEXT, if_version=lambda _: True)
    else:
        users.update(ann.id, {"status": status}, CONTEXT, if_version=lambda _: True)
    assert me(key).status == 401


IN_PERSON = [
    ("POST", "/v1/api-keys", {"name": "more", "scopes": ["read"]}),
    ("GET", "/v1/api-keys", None),
    ("DELETE", "/v1/api-keys/01890a5d-ac96-774b-bcce-b302099a8057", None),
    ("POST", "/v1/oauth-clients", {"name": "c", "scopes": ["read"], "grant_types": ["client_credentials"]}),
    ("GET", "/v1/oauth-clients", None),
    ("DELETE", "/v1/oauth-clients/01890a5d-ac96-774b-bcce-b302099a8057", None),
    ("GET", "/v1/auth/sessions", None),
    ("DELETE", "/v1/auth/sessions/01890a5d-ac96-774b-bcce-b302099a8057", None),
    ("POST", "/v1/auth/logout-all", None),
    ("POST", "/v1/auth/change-password", {"current_password": "x", "new_password": "Another-horse-2"}),
    ("POST", "/v1/auth/mfa/enroll", None),
    ("POST", "/v1/auth/mfa/activate", {"code": "000000"}),
    ("POST", "/v1/auth/mfa/disable", {"code": "000000"}),
    ("PATCH", "/v1/users/me", {"email": "thief@example.com"}),
]


@pytest.mark.parametrize(("method", "path", "body"), IN_PERSON)
def test_what_guards_the_account_takes_a_person(method: str, path: str, body: object) -> None:
    ann = person("ann")
    key = make(ann, "read", "write", "delete")["key"]
    answer = Api().call(method, path, body=body, headers={"X-API-Key": key})
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")


def test_a_key_replaces_its_owner_as_long_as_the_address_stays() -> None:
    ann = person("ann")
    key = make(ann, "read", "write")["key"]
    whole = {"email": ann.user.email, "username": "ann", "name": "Ann Other"}
    put = f"/v1/users/{ann.id}"
    assert Api().put(put, whole, headers={"X-API-Key": key}).status == 200
    assert Api().put(put, {**whole, "email": "thief@example.com"}, headers={"X-API-Key": key}).status == 403
    assert Api().patch(put, {"email": "thief@example.com"}, headers={"X-API-Key": key}).status == 403


def test_a_key_ends_when_it_says() -> None:
    ann = person("ann")
    ended = api_keys.create(in_session(ann.user), "old", [Permission.READ], ids.ago(1), CONTEXT)[1]
    good = make(ann, expires_at=ids.stamp(datetime.now(UTC) + timedelta(minutes=5)))
    assert (me(ended).status, me(good["key"]).status) == (401, 200)


@pytest.mark.parametrize(
    "instant",
    [
        "2020-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "2030-01-01T00:00:00",
        "soon",
        "",
        {},
    ],
)
def test_an_end_that_is_past_or_no_instant_is_refused(instant: object) -> None:
    answer = person("ann").api.post("/v1/api-keys", {"name": "ci", "scopes": ["read"], "expires_at": instant})
    assert (answer.status, answer.error["details"][0]["field"]) == (400, "expires_at")


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", 1], "read", None, ["read"] * 5])
def test_scopes_are_some_of_those_that_there_are(scopes: object) -> None:
    answer = person("ann").api.post("/v1/api-keys", {"name": "ci", "scopes": scopes})
    assert answer.status == 400


def test_a_revoked_key_is_refused_at_once_and_nobody_else_revokes_it() -> None:
    ann, bob = person("ann"), person("bob", Role.ADMIN)
    made = make(ann)
    path = f"/v1/api-keys/{made['id']}"
    assert bob.api.delete(path).status == 404
    assert me(made["key"]).status == 200
    assert ann.api.delete(path).status == 204
    assert me(made["key"]).status == 401
    assert ann.api.delete(path).status == 404
    assert [name for name in activities(ann.id) if name.startswith("api_key")] == ["api_key.created", "api_key.revoked"]


def test_an_operator_revokes_a_key_that_was_found_by_its_text() -> None:
    ann = person("ann")
    made, other = make(ann), make(ann)
    assert me(made["key"]).status == 200
    said = revoke_api_key.revoke(made["key"])
    assert said.startswith(f"{made['prefix']}… is revoked; it was created {made['created_at']} and last used 20")
    assert made["key"] not in said
    assert (me(made["key"]).status, me(other["key"]).status) == (401, 200)
    assert activities(ann.id).count("api_key.revoked") == 1
    for text in (made["key"], other["key"][:-1] + "~", "no key"):
        with pytest.raises(SystemExit, match="stopped: There is no such API key"):
            revoke_api_key.revoke(text)
    assert me(other["key"]).status == 200


def test_its_last_use_is_noted_and_not_at_every_use() -> None:
    ann = person("ann")
    made = make(ann)
    assert made["last_used_at"] is None
    me(made["key"])
    (first,) = [item.last_used_at for item in ApiKeyItem.scan()]
    me(made["key"])
    assert [item.last_used_at for item in ApiKeyItem.scan()] == [first]
    assert ann.api.get("/v1/api-keys").data[0]["last_used_at"] == first


def test_nobody_sees_the_keys_of_others() -> None:
    ann, bob = person("ann"), person("bob", Role.ADMIN)
    make(ann)
    assert bob.api.get("/v1/api-keys").data == []
