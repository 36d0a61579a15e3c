"""The main job through the front: somebody registers, signs in, is found, changed, deleted and restored."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import jwt
import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, Inside, register, wait_until

pytestmark = pytest.mark.xdist_group("stack")


def test_a_person_registers_signs_in_and_sees_itself(anyone: Client) -> None:
    user = register(anyone, name="Zoë Ünïcode", age=34, metadata={"theme": "dark"})
    assert (user["role"], user["status"], user["email_verified"], user["version"]) == ("viewer", "active", False, 1)
    me = anyone.signed_in(user["email"], PASSWORD).get("/v1/users/me")
    assert (me.status, me.data) == (200, user)
    assert me.headers["Content-Type"] == "application/json"


def test_registering_says_where_the_user_is(anyone: Client) -> None:
    name = f"u{uuid4().hex[:12]}"
    body = {"email": f"{name}@example.com", "username": name, "name": "N", "password": PASSWORD}
    answer = anyone.post("/v1/auth/register", body)
    location = answer.headers["Location"]
    assert answer.links["self"] == location == f"/v1/users/{answer.data['id']}"
    found = anyone.signed_in(body["email"], PASSWORD).get(location)
    assert (found.status, found.data) == (200, answer.data)
    assert found.headers["ETag"] == answer.headers["ETag"]


@pytest.mark.parametrize(("field", "code"), [("email", "EMAIL_TAKEN"), ("username", "USERNAME_TAKEN")])
def test_an_address_and_a_username_belong_to_one_user_in_whatever_case(
    anyone: Client, newcomer: dict[str, Any], field: str, code: str
) -> None:
    fresh = f"u{uuid4().hex[:12]}"
    body = {"email": f"{fresh}@example.com", "username": fresh, "name": "N", "password": PASSWORD}
    answer = anyone.post("/v1/auth/register", {**body, field: newcomer[field].upper()})
    assert (answer.status, answer.error["code"]) == (409, code)


def test_a_user_is_changed_only_over_the_version_that_was_read(anyone: Client, newcomer: dict[str, Any]) -> None:
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    tag = me.get("/v1/users/me").headers["ETag"]
    assert me.get("/v1/users/me", headers={"If-None-Match": tag}).status == 304
    changed = me.patch("/v1/users/me", {"name": "Changed Name", "age": 35}, headers={"If-Match": tag})
    assert (changed.status, changed.data["name"], changed.data["version"]) == (200, "Changed Name", 2)
    assert changed.headers["ETag"] != tag
    stale = me.patch(f"/v1/users/{newcomer['id']}", {"name": "Lost Update"}, headers={"If-Match": tag})
    assert (stale.status, stale.error["code"]) == (412, "PRECONDITION_FAILED")
    assert me.get("/v1/users/me").data["name"] == "Changed Name"


def test_put_replaces_and_resets_what_is_left_out(anyone: Client, newcomer: dict[str, Any]) -> None:
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    path = f"/v1/users/{newcomer['id']}"
    me.patch(path, {"age": 40, "locale": "DE-ch", "metadata": {"a": 1}})
    assert me.get(path).data["locale"] == "de-CH"
    whole = {name: newcomer[name] for name in ("email", "username", "name")}
    replaced = me.put(path, whole, headers={"If-Match": me.get(path).headers["ETag"]})
    assert replaced.status == 200
    assert (replaced.data["age"], replaced.data["locale"], replaced.data["metadata"]) == (None, "en", {})
    assert (replaced.data["role"], replaced.data["status"]) == ("viewer", "active")


def test_a_user_is_deleted_kept_from_readers_and_restored_as_it_was(
    anyone: Client, admin: Client, inside: Inside, newcomer: dict[str, Any]
) -> None:
    inside.verify(newcomer["id"])
    path = f"/v1/users/{newcomer['id']}"
    gone = admin.delete(path, headers={"If-Match": admin.get(path).headers["ETag"]})
    assert (gone.status, gone.body) == (204, b"")
    assert admin.get(path).status == 404
    assert anyone.post("/v1/auth/login", {"email": newcomer["email"], "password": PASSWORD}).status == 401
    taken = {**{name: newcomer[name] for name in ("email", "username", "name")}, "password": PASSWORD}
    assert anyone.post("/v1/auth/register", taken).status == 409
    restored = admin.post(f"{path}/restore")
    assert restored.status == 200
    for field in ("id", "email", "username", "name", "role", "status", "created_at"):
        assert restored.data[field] == newcomer[field]
    assert restored.data["deleted_at"] is None
    assert anyone.signed_in(newcomer["email"], PASSWORD).get("/v1/users/me").status == 200


def test_an_admin_makes_a_user_of_any_role_who_can_sign_in(anyone: Client, admin: Client) -> None:
    name = f"u{uuid4().hex[:12]}"
    body = {"email": f"{name}@example.com", "username": name, "name": "N", "role": "editor", "password": PASSWORD}
    made = admin.post("/v1/users", body)
    assert (made.status, made.data["role"]) == (201, "editor")
    assert made.data["created_by"] == admin.get("/v1/users/me").data["id"]
    assert anyone.signed_in(body["email"], PASSWORD).get("/v1/users/me").data["role"] == "editor"


def test_the_same_idempotency_key_makes_one_user_and_replays_its_answer(anyone: Client) -> None:
    name = f"u{uuid4().hex[:12]}"
    body = {"email": f"{name}@example.com", "username": name, "name": "N", "password": PASSWORD}
    key = {"Idempotency-Key": str(uuid4())}
    first, again = (anyone.post("/v1/auth/register", body, headers=key) for _ in range(2))
    assert (first.status, again.status, first.body) == (201, 201, again.body)
    for header in ("ETag", "Location", "Content-Type"):
        assert first.headers[header] == again.headers[header]
    assert (first.headers["Idempotent-Replayed"], again.headers["Idempotent-Replayed"]) == (None, "true")
    other = anyone.post("/v1/auth/register", {**body, "name": "M"}, headers=key)
    assert (other.status, other.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_the_same_key_many_times_at_once_makes_one_user(anyone: Client) -> None:
    name = f"u{uuid4().hex[:12]}"
    body = {"email": f"{name}@example.com", "username": name, "name": "N", "password": PASSWORD}
    key = {"Idempotency-Key": str(uuid4())}
    with ThreadPoolExecutor(8) as twins:
        answers = list(twins.map(lambda _: anyone.post("/v1/auth/register", body, headers=key), range(16)))
    running = [answer for answer in answers if answer.status != 201]
    assert {(answer.status, answer.error["code"]) for answer in running} <= {(409, "IDEMPOTENCY_IN_PROGRESS")}
    assert len({answer.body for answer in answers if answer.status == 201}) == 1
    assert anyone.post("/v1/auth/register", body, headers=key).headers["Idempotent-Replayed"] == "true"


def test_a_token_is_what_the_published_keys_and_the_contract_say(anyone: Client, newcomer: dict[str, Any]) -> None:
    answer = anyone.post("/v1/auth/login", {"email": newcomer["email"], "password": PASSWORD})
    assert (answer.data["token_type"], answer.data["expires_in"], answer.data["user"]) == ("Bearer", 900, newcomer)
    token = answer.data["access_token"]
    keys = jwt.PyJWKSet.from_dict(anyone.get("/.well-known/jwks.json").json)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    issuer = f"http://127.0.0.1:{anyone.port}"
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="lamina", issuer=issuer)
    assert set(claims) == {"iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid", "scope", "role"}
    assert (claims["sub"], claims["role"], claims["exp"] - claims["iat"]) == (newcomer["id"], "viewer", 900)


def test_totals_become_exact_once_the_stream_has_been_read(anyone: Client, admin: Client) -> None:
    def total(query: str = "") -> int:
        return int(admin.get(f"/v1/users?limit=1{query}").meta["total"])

    def counted() -> int:
        answer = admin.get("/v1/users?limit=100")
        seen = len(answer.data)
        while "next" in answer.links:
            answer = admin.follow(answer, "next")
            seen += len(answer.data)
        return seen

    wait_until(lambda: total() == counted(), "the total is the number of users")
    before, before_viewers = total(), total("&role=viewer&status=active")
    user = register(anyone)
    wait_until(lambda: total() == before + 1, "the new user is counted")
    wait_until(lambda: total("&role=viewer&status=active") == before_viewers + 1, "it is counted among its like")
    admin.delete(f"/v1/users/{user['id']}")
    wait_until(lambda: total() == before, "the deleted user is not counted")
