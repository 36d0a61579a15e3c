"""Avatars: from the form to the address, whatever comes twice, late, or in another order."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from lamina import ids
from lamina.access.policy import Role
from lamina.avatars import files as stored
from lamina.avatars.form import GOOD_FOR_SECONDS, MAX_BYTES
from lamina.avatars.names import upload_at
from lamina.avatars.removing import purge
from lamina.events.request_context import RequestContext
from lamina.settings import settings
from lamina.storage.batch_deletion import BatchDeletion
from lamina.users import service as users
from lamina.users.model import User
from tests.roles.process import place
from tests.support import calls
from tests.support.aws import Api, invoke
from tests.support.people import Person, activities, events_of, person, verified
from tests.support.pictures import arrived, files, picture, upload

CONSUMER = "consumers/process_avatar"

type Form = Mapping[str, Any]


@pytest.fixture(autouse=True)
def _empty_bucket(aws: None) -> None:  # noqa: ARG001 (a fixture that must be there)
    for key in files():
        boto3.client("s3").delete_object(Bucket=settings().files, Key=key)


@pytest.fixture
def ann() -> Person:
    return person("ann")


def ask(who: Api, user: User, content_type: str = "image/png") -> Form:
    answer = who.post(f"/v1/users/{user.id}/avatar", {"content_type": content_type})
    assert answer.status == 200, answer.body
    form: Form = answer.data
    return form


def tell(*forms: Form) -> list[str]:
    """Have the consumer told of uploads: the messages that it wants to have again."""
    return [failure["itemIdentifier"] for failure in invoke(place(CONSUMER), arrived(*forms))["batchItemFailures"]]


def send(who: Person, content: bytes | None = None) -> Form:
    """Upload a picture, and have the consumer told of it."""
    form = ask(who.api, who.user)
    upload(form, content or picture())
    assert tell(form) == []
    return form


def url(form: Form) -> str:
    return upload_at(form["fields"]["key"]).avatar_url


def shown(who: Person) -> str | None:
    found: str | None = who.api.get("/v1/users/me").data["avatar_url"]
    return found


def test_the_form_binds_key_type_size_and_time(ann: Person) -> None:
    form = ask(ann.api, ann.user, "image/webp")
    signed = json.loads(base64.b64decode(form["fields"]["policy"]))
    conditions = signed["conditions"]
    assert form["max_bytes"] == MAX_BYTES == 2 * 1024 * 1024
    assert ["content-length-range", 1, MAX_BYTES] in conditions
    assert {"Content-Type": "image/webp"} in conditions
    assert {"key": form["fields"]["key"]} in conditions
    assert {"bucket": settings().files} in conditions
    assert form["fields"]["key"].startswith(f"uploads/{ann.id}/")
    good_for = ids.epoch_of(signed["expiration"]) - ids.epoch_in(0)
    assert GOOD_FOR_SECONDS - 5 <= good_for <= GOOD_FOR_SECONDS
    assert abs(ids.epoch_of(form["expires_at"]) - ids.epoch_of(signed["expiration"])) <= 1


def test_every_form_has_a_key_of_its_own(ann: Person) -> None:
    assert ask(ann.api, ann.user)["fields"]["key"] < ask(ann.api, ann.user)["fields"]["key"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content_type"),
        ({"content_type": "image/svg+xml"}, "content_type"),
        ({"content_type": "text/html"}, "content_type"),
        ({"content_type": "IMAGE/PNG"}, "content_type"),
        ({"content_type": "image/png", "key": "avatars/x"}, "key"),
    ],
)
def test_other_types_and_fields_are_refused(ann: Person, body: dict[str, str], field: str) -> None:
    answer = ann.api.post(f"/v1/users/{ann.id}/avatar", body)
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert [detail["field"] for detail in answer.error["details"]] == [field]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_user_and_admins_set_its_avatar_and_nobody_else(ann: Person, method: str) -> None:
    body = {"content_type": "image/png"} if method == "POST" else None
    target = f"/v1/users/{ann.id}/avatar"
    assert person("eve", Role.EDITOR).api.call(method, target, body=body).status == 403
    assert Api().call(method, target, body=body).status == 401
    admin = person("root", Role.ADMIN).api
    assert admin.call(method, target, body=body).status in {200, 204}
    assert admin.call(method, f"/v1/users/{ids.new_id()}/avatar", body=body).status == 404


def test_a_picture_becomes_the_avatar_and_nothing_else_is_left_of_it(ann: Person) -> None:
    form = send(ann)
    key = f"avatars/{ann.id}/{upload_at(form['fields']['key']).id}.webp"
    assert shown(ann) == f"https://media.example.com/{key}"
    assert files() == [key]
    found = boto3.client("s3").get_object(Bucket=settings().files, Key=key)
    assert found["ContentType"] == "image/webp"
    assert "immutable" in found["CacheControl"]
    assert found["ServerSideEncryption"] == "AES256"
    assert found["Body"].read(4) == b"RIFF"


def test_the_event_tells_who_asked_for_the_form(ann: Person) -> None:
    admin = person("root", Role.ADMIN)
    answer = admin.api.post(
        f"/v1/users/{ann.id}/avatar", {"content_type": "image/png"}, headers={"X-Correlation-Id": "a:b/c=d+e"}
    )
    upload(answer.data, picture())
    assert tell(answer.data) == []
    event = events_of(ann.id)[-1]
    assert (event.event_type, event.actor, event.correlation_id) == ("user.updated", admin.id, "a:b/c=d+e")
    assert event.data["changed"] == ["avatar_url"]


def test_a_new_avatar_takes_the_place_of_the_former(ann: Person) -> None:
    send(ann)
    newer = send(ann)
    assert shown(ann) == url(newer)
    assert files() == [upload_at(newer["fields"]["key"]).avatar_key]


def test_of_two_that_come_in_the_wrong_order_the_newer_stays(ann: Person) -> None:
    older, newer = ask(ann.api, ann.user), ask(ann.api, ann.user)
    for form in (newer, older):
        upload(form, picture())
        assert tell(form) == []
    assert shown(ann) == url(newer)
    assert files() == [upload_at(newer["fields"]["key"]).avatar_key]


def test_a_message_that_comes_again_changes_nothing(ann: Person) -> None:
    form = send(ann)
    before = events_of(ann.id)
    assert tell(form, form) == []
    assert len(events_of(ann.id)) == len(before)
    assert shown(ann) == url(form)


def test_a_form_that_is_sent_twice_leaves_the_first_picture(ann: Person) -> None:
    form = send(ann)
    key = upload_at(form["fields"]["key"]).avatar_key
    first = stored.read(key)
    upload(form, picture(mode="RGBA"))
    assert tell(form) == []
    again = stored.read(key)
    assert first is not None
    assert again is not None
    assert first.content == again.content
    assert files("uploads/") == []


@pytest.mark.parametrize("step", ["publish", "update", "delete"])
def test_wherever_the_consumer_dies_the_next_try_comes_to_the_same_end(
    ann: Person, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(ann)
    form = ask(ann.api, ann.user)
    upload(form, picture())
    with monkeypatch.context() as patch:

        def die(*_: object, **__: object) -> None:
            raise ConnectionError

        patch.setattr(users if step == "update" else stored, step, die)
        assert tell(form) == ["message-0"]
    assert tell(form) == []
    assert shown(ann) == url(form)
    assert files() == [upload_at(form["fields"]["key"]).avatar_key]
    assert activities(ann.id).count("user.updated") == 2


def test_who_is_changed_meanwhile_gets_the_avatar_with_the_next_try(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = ask(ann.api, ann.user)
    upload(form, picture())
    publish = stored.publish

    def change_first(key: str, content: bytes) -> None:
        with calls.by_nobody():
            users.update(ann.id, {"name": "Another"}, RequestContext(None, "test"), if_version=lambda _: True)
        publish(key, content)

    with monkeypatch.context() as patch:
        patch.setattr(stored, "publish", change_first)
        assert tell(form) == ["message-0"]
    assert shown(ann) is None
    assert tell(form) == []
    assert shown(ann) == url(form)
    assert ann.api.get("/v1/users/me").data["name"] == "Another"


def test_an_invalid_picture_is_deleted_and_raises_one_event(ann: Person) -> None:
    before = send(ann)
    form = ask(ann.api, ann.user)
    for _ in range(2):
        upload(form, b"this is a text, whatever its name says")
        assert tell(form) == []
    assert shown(ann) == url(before)
    assert files() == [upload_at(before["fields"]["key"]).avatar_key]
    (told,) = [event for event in events_of(ann.id) if event.event_type == "user.avatar_refused"]
    assert told.data == {"upload_id": upload_at(form["fields"]["key"]).id, "reason": "unreadable"}
    assert told.actor == ann.id


def test_the_picture_of_a_user_who_was_deleted_is_deleted(ann: Person) -> None:
    form = ask(ann.api, ann.user)
    upload(form, picture())
    users.delete(ann.id, RequestContext(None, "test"), if_version=lambda _: True)
    assert tell(form) == []
    assert files() == []


def test_an_avatar_is_taken_back_with_what_is_on_its_way(ann: Person) -> None:
    send(ann)
    waiting = ask(ann.api, ann.user)
    upload(waiting, picture())
    assert ann.api.delete(f"/v1/users/{ann.id}/avatar").status == 204
    assert (shown(ann), files()) == (None, [])
    assert tell(waiting) == []
    assert shown(ann) is None
    assert ann.api.delete(f"/v1/users/{ann.id}/avatar").status == 204
    assert activities(ann.id).count("user.updated") == 2


def test_an_avatar_cannot_be_set_by_changing_the_user(ann: Person) -> None:
    answer = ann.api.patch("/v1/users/me", {"avatar_url": "https://evil.example/x.webp"})
    assert answer.error["details"][0]["field"] == "avatar_url"


def test_others_see_the_avatar_in_the_public_profile(ann: Person) -> None:
    form = send(ann)
    bob = person("bob")
    verified(bob.user)
    assert bob.api.get(f"/v1/users/{ann.id}").data["avatar_url"] == url(form)


def test_with_a_user_go_its_files_and_nobody_elses(ann: Person) -> None:
    bob = person("bob")
    send(ann)
    upload(ask(ann.api, ann.user), picture())
    kept = send(bob)
    for dry_run in (True, False):
        sweep = BatchDeletion(lambda: True, dry_run=dry_run)
        purge(ann.id, sweep)
        assert sweep.removed == {"uploads": 1, "avatars": 1}
    assert files() == [upload_at(kept["fields"]["key"]).avatar_key]


@pytest.mark.parametrize("key", ["uploads/x", "avatars/a.webp", "uploads/../avatars/x", "uploads/{id}/{id}.png", ""])
def test_the_key_of_something_else_is_no_upload(key: str) -> None:
    with pytest.raises(ValueError, match="not the key"):
        upload_at(key.format(id=ids.new_id()))


def test_a_form_makes_one_avatar_which_does_not_come_back_once_it_was_taken_back(ann: Person) -> None:
    form = send(ann)
    upload(form, picture(mode="L"))
    before = stored.read(upload_at(form["fields"]["key"]).avatar_key)
    assert tell(form) == []
    assert stored.read(upload_at(form["fields"]["key"]).avatar_key) == before
    assert ann.api.delete(f"/v1/users/{ann.id}/avatar").status == 204
    upload(form, picture())
    assert tell(form) == []
    assert shown(ann) is None
    assert files() == []
    assert shown(ann) != url(send(ann))
    assert shown(ann) is not None


def test_a_form_of_before_that_was_never_used_still_works_after_the_avatar_was_taken_back(ann: Person) -> None:
    send(ann)
    form = ask(ann.api, ann.user)
    assert ann.api.delete(f"/v1/users/{ann.id}/avatar").status == 204
    upload(form, picture())
    assert tell(form) == []
    assert shown(ann) == url(form)


def test_a_form_whose_file_was_refused_takes_no_other(ann: Person) -> None:
    form = send(ann, b"no picture")
    upload(form, picture())
    assert tell(form) == []
    assert shown(ann) is None
    assert files() == []
    assert activities(ann.id).count("user.avatar_refused") == 1
