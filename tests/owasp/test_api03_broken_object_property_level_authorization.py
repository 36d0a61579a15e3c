"""API3:2023: no field is set or seen by whom it is not for."""

from typing import Any

import pytest

from lamina.access.policy import Role
from tests.support.aws import PASSWORD, Api, make_user
from tests.support.people import Person, person, verified

PRIVILEGED: dict[str, Any] = {"role": "admin", "status": "active", "email_verified": True}
"""Fields that admins set."""
INTERNAL: dict[str, Any] = {
    "id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "created_by": "01890a5d-ac96-774b-bcce-b302099a8057",
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
    "deleted_at": None,
    "version": 7,
    "avatar_url": "https://evil.example/x.png",
    "session_epoch": 0,
    "password_hash": "x",
    "pk": "USER#x",
    "kind": "user",
    "__proto__": {"role": "admin"},
    "Role": "admin",
}
"""Fields that nobody sets, and names that are none."""
WHOLE = {"email": "ann@example.com", "username": "ann", "name": "Ann"}


@pytest.fixture(params=[Role.VIEWER, Role.EDITOR])
def ann(aws: None, request: pytest.FixtureRequest) -> Person:  # noqa: ARG001 (the table must be there)
    return person("ann", request.param)


@pytest.mark.parametrize(("field", "value"), list((PRIVILEGED | INTERNAL).items()))
@pytest.mark.usefixtures("aws")
def test_registering_sets_no_field_that_is_not_its_own(field: str, value: object) -> None:
    answer = Api().post("/v1/auth/register", {**WHOLE, "password": PASSWORD, field: value})
    assert (answer.status, answer.error["details"][0]["field"]) == (400, field)


@pytest.mark.parametrize(("field", "value"), list(INTERNAL.items()))
def test_nobody_sets_what_the_system_keeps(ann: Person, field: str, value: object) -> None:
    before, path = ann.api.get("/v1/users/me").data, f"/v1/users/{ann.id}"
    answers = [
        ann.api.patch("/v1/users/me", {field: value}),
        ann.api.patch(path, {field: value}),
        ann.api.put(path, {**WHOLE, field: value}),
    ]
    assert [(answer.status, answer.error["details"][0]["field"]) for answer in answers] == [(400, field)] * 3
    assert ann.api.get("/v1/users/me").data == before


@pytest.mark.parametrize(("field", "value"), list(INTERNAL.items()))
@pytest.mark.usefixtures("aws")
def test_an_admin_sets_no_internal_field_either(field: str, value: object) -> None:
    admin, other = person("root", Role.ADMIN), make_user("other")
    made = admin.api.post("/v1/users", {**WHOLE, field: value})
    changed = admin.api.patch(f"/v1/users/{other.id}", {field: value})
    assert [(answer.status, answer.error["details"][0]["field"]) for answer in (made, changed)] == [(400, field)] * 2


@pytest.mark.parametrize(("field", "value"), [("role", "admin"), ("role", "viewer"), ("status", "active")])
def test_nobody_below_admin_sets_role_or_status_not_even_to_what_it_is(ann: Person, field: str, value: str) -> None:
    path = f"/v1/users/{ann.id}"
    answers = [
        ann.api.patch("/v1/users/me", {field: value}),
        ann.api.patch(path, {field: value}),
        ann.api.put(path, {**WHOLE, field: value}),
    ]
    assert [answer.status for answer in answers] == [403] * 3


def test_nobody_vouches_for_oneself_nor_sets_the_own_address(ann: Person) -> None:
    root = person("root", Role.ADMIN)
    for who in (ann, root):
        own = f"/v1/users/{who.id}"
        whole = {"email": "else@example.com", "username": who.user.username, "name": "Else"}
        vouched = [who.api.patch(path, {"email_verified": True}) for path in ("/v1/users/me", own)]
        assert [(answer.status, answer.error["code"]) for answer in vouched] == [(403, "FORBIDDEN")] * 2
        moved = [who.api.patch("/v1/users/me", {"email": "else@example.com"}), who.api.put(own, whole)]
        moved.append(who.api.patch(own, {"email": "else@example.com"}))
        assert [(answer.status, answer.error["code"]) for answer in moved] == [(422, "USE_CHANGE_EMAIL")] * 3
    assert ann.api.patch(f"/v1/users/{root.id}", {"email": "else@example.com"}).status == 403


@pytest.mark.parametrize("query", ["role=admin", "status=active", "sort=email", "search=ann@example.com"])
def test_what_is_hidden_cannot_be_found_out_by_filter_sort_or_search(ann: Person, query: str) -> None:
    person("bob")
    answer = ann.api.get(f"/v1/users?{query}")
    assert answer.status in (400, 403) or ann.id not in [user["id"] for user in answer.data]


def test_keys_sessions_and_clients_show_no_secret(ann: Person) -> None:
    admin = person("root", Role.ADMIN)
    key = ann.api.post("/v1/api-keys", {"name": "k", "scopes": ["read"]}).data["key"]
    client = {"name": "c", "scopes": ["read"], "grant_types": ["client_credentials"]}
    secret = admin.api.post("/v1/oauth-clients", client).data["client_secret"]
    shown = b"".join(
        who.api.get(path).body
        for who, path in ((ann, "/v1/api-keys"), (ann, "/v1/auth/sessions"), (admin, "/v1/oauth-clients"))
    )
    for hidden in (key, key.split("_", 2)[2], secret, ann.refresh_token, "hash"):
        assert hidden.encode() not in shown


@pytest.mark.parametrize("field", ["owner_id", "client_id", "client_secret", "id", "created_at", "key", "prefix"])
@pytest.mark.usefixtures("aws")
def test_keys_and_clients_are_made_for_oneself_with_a_secret_of_ours(field: str) -> None:
    admin = person("root", Role.ADMIN)
    key = admin.api.post("/v1/api-keys", {"name": "k", "scopes": ["read"], field: "x"})
    body = {"name": "c", "scopes": ["read"], "grant_types": ["client_credentials"], field: "x"}
    client = admin.api.post("/v1/oauth-clients", body)
    assert [(answer.status, answer.error["details"][0]["field"]) for answer in (key, client)] == [(400, field)] * 2


@pytest.mark.parametrize("field", ["keep_api_keys", "email_verified", "role"])
@pytest.mark.usefixtures("aws")
def test_proving_an_address_takes_no_other_field(field: str) -> None:
    answer = Api().post("/v1/auth/verify-email", {"token": "x", field: True})
    assert (answer.status, answer.error["details"][0]["field"]) == (400, field)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADMIN])
@pytest.mark.usefixtures("aws")
def test_an_account_that_has_not_proven_its_address_is_promoted_by_nobody_and_nothing(role: Role) -> None:
    admin, squatter = person("root", Role.ADMIN), make_user("squatter")
    path = f"/v1/users/{squatter.id}"
    whole = {"email": squatter.email, "username": "squatter", "name": "S", "role": role}
    for answer in (admin.api.patch(path, {"role": role}), admin.api.put(path, whole)):
        assert (answer.status, answer.error["code"]) == (422, "EMAIL_NOT_VERIFIED")
    # Nor by the way of another address that nobody has proven either.
    verified(squatter)
    moved = admin.api.patch(path, {"role": role, "email": "elsewhere@example.com"})
    assert (moved.status, moved.error["code"]) == (422, "EMAIL_NOT_VERIFIED")
    assert admin.api.get(path).data["role"] == "viewer"
    assert admin.api.patch(path, {"role": role}).data["role"] == role


@pytest.mark.usefixtures("aws")
def test_an_account_that_has_not_proven_its_address_can_lose_a_role() -> None:
    admin, editor = person("root", Role.ADMIN), make_user("edith", Role.EDITOR)
    path = f"/v1/users/{editor.id}"
    assert admin.api.patch(path, {"role": "editor", "name": "E"}).status == 200
    assert admin.api.patch(path, {"role": "viewer"}).status == 200
    assert admin.api.patch(path, {"role": "editor"}).status == 422
