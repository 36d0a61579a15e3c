"""API1:2023: nothing of somebody else is reached by naming its id, whatever the role below admin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lamina.access.policy import Role
from tests.support.people import Person, again, person, verified

PUBLIC = {"id", "username", "name", "avatar_url", "created_at"}
UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


@dataclass(frozen=True)
class Scene:
    """Ann with one of everything, and Eve, who knows all the ids."""

    ann: Person
    eve: Person
    ids: dict[str, str]

    def paths(self) -> list[tuple[str, str, Any]]:
        """Every way to an object of Ann's that answers with or changes it, and what Eve sends along."""
        user, session = f"/v1/users/{self.ids['user']}", f"/v1/auth/sessions/{self.ids['session']}"
        job = f"/v1/jobs/{self.ids['job']}"
        draft = f"/v1/posts/{self.ids['draft']}"
        post = {"title": "Mine", "content": "Mine"}
        activities = {"type": "activities", "format": "csv", "user_id": self.ids["user"]}
        whole = {"email": "eve2@example.com", "username": "eve2", "name": "Eve"}
        return [
            ("PATCH", user, {"name": "Mine"}),
            ("PUT", user, whole),
            ("DELETE", user, None),
            ("POST", f"{user}/restore", None),
            ("DELETE", session, None),
            ("DELETE", f"/v1/api-keys/{self.ids['key']}", None),
            ("DELETE", f"/v1/oauth-clients/{self.ids['client']}", None),
            ("GET", job, None),
            ("POST", f"{job}/cancel", None),
            ("POST", "/v1/reports", activities),
            ("GET", draft, None),
            ("GET", "/v1/posts/slug/the-draft", None),
            *self.changes_of_a_post(draft, post),
            *self.changes_of_a_post(f"/v1/posts/{self.ids['post']}", post),
        ]

    def changes_of_a_post(self, path: str, post: Any) -> list[tuple[str, str, Any]]:
        return [
            ("PUT", path, post),
            ("PATCH", path, {"title": "Mine"}),
            ("PATCH", path, {"author_id": self.eve.id}),
            ("POST", f"{path}/publish", None),
            ("POST", f"{path}/unpublish", None),
            ("DELETE", path, None),
        ]


@pytest.fixture(params=[Role.VIEWER, Role.EDITOR])
def scene(aws: None, request: pytest.FixtureRequest) -> Scene:  # noqa: ARG001 (the table must be there)
    ann, eve = person("ann", Role.ADMIN), person("eve", request.param)
    new_client = {"name": "c", "scopes": ["read"], "grant_types": ["client_credentials"]}
    post = {"title": "The draft", "content": "Words"}
    ids = {
        "draft": ann.api.post("/v1/posts", post).data["id"],
        "post": ann.api.post("/v1/posts", {**post, "published": True}).data["id"],
        "user": ann.id,
        "session": ann.api.get("/v1/auth/sessions").data[0]["id"],
        "key": ann.api.post("/v1/api-keys", {"name": "k", "scopes": ["read"]}).data["id"],
        "client": ann.api.post("/v1/oauth-clients", new_client).data["id"],
        "job": ann.api.post("/v1/reports", {"type": "users", "format": "csv"}).data["id"],
    }
    return Scene(ann, eve, ids)


def state(scene: Scene) -> list[Any]:
    lists = ("/v1/users/me", "/v1/auth/sessions", "/v1/api-keys", "/v1/oauth-clients")
    return [
        scene.ann.api.get(path).data
        for path in (*lists, *(f"/v1/{kind}s/{scene.ids[kind]}" for kind in ("job", "post")))
    ]


def test_no_object_of_another_is_changed_ended_or_shown(scene: Scene) -> None:
    before = state(scene)
    for method, path, body in scene.paths():
        answer = scene.eve.api.call(method, path, body=body)
        assert (answer.status, answer.error["code"]) in ((403, "FORBIDDEN"), (404, "NOT_FOUND")), (method, path)
    assert state(scene) == before


def test_what_is_not_theirs_and_what_is_not_there_answer_alike(scene: Scene) -> None:
    for kind in ("session", "key", "job", "draft"):
        method, path, body = next(row for row in scene.paths() if scene.ids[kind] in row[1])
        answers = [
            scene.eve.api.call(method, target, body=body) for target in (path, path.replace(scene.ids[kind], UNKNOWN))
        ]
        assert answers[0].error | {"request_id": ""} == answers[1].error | {"request_id": ""}


def test_of_another_user_only_the_public_profile_is_seen_and_by_proven_accounts_alone(scene: Scene) -> None:
    for path in (f"/v1/users/{scene.ids['user']}", "/v1/users", f"/v1/users/{UNKNOWN}"):
        answer = scene.eve.api.get(path)
        assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
        assert "Verify" in answer.error["message"]
    assert scene.eve.api.get(f"/v1/users/{scene.eve.id}").status == 200
    verified(scene.eve.user)
    assert set(scene.eve.api.get(f"/v1/users/{scene.ids['user']}").data) == PUBLIC
    others = [user for user in scene.eve.api.get("/v1/users").data if user["id"] != scene.eve.id]
    assert others
    assert all(set(user) == PUBLIC for user in others)


def test_lists_of_ones_own_never_hold_anything_of_another(scene: Scene) -> None:
    assert scene.eve.api.get("/v1/api-keys").data == []
    assert {session["id"] for session in scene.eve.api.get("/v1/auth/sessions").data}.isdisjoint(scene.ids.values())


def test_drafts_of_another_are_in_no_list(scene: Scene) -> None:
    user = f"author_id={scene.ids['user']}"
    for query in ("", "?published=false", f"?{user}", f"?{user}&published=false", "?sort=created_at"):
        assert scene.ids["draft"] not in {post["id"] for post in scene.eve.api.get(f"/v1/posts{query}").data}
    assert {post["id"] for post in scene.eve.api.get(f"/v1/posts?{user}").data} == {scene.ids["post"]}


def test_a_cursor_of_another_does_not_open_its_list(scene: Scene) -> None:
    again(scene.ann.user)
    cursor = scene.ann.api.get("/v1/auth/sessions?limit=1").json["meta"]["next_cursor"]
    assert scene.eve.api.get(f"/v1/auth/sessions?limit=1&cursor={cursor}").status == 400


@pytest.mark.parametrize(
    "spelled", [lambda text: f"{text}%00", lambda text: text.replace("-", ""), lambda _: "me%2f.."]
)
def test_what_is_nearly_an_id_is_none(scene: Scene, spelled: Callable[[str], str]) -> None:
    assert scene.ann.api.get(f"/v1/users/{spelled(scene.ids['user'])}").status in (400, 404)
