"""Avatars: their endpoints, and the consumer of uploads."""

from tests.roles.process import Scenario, place
from tests.support import calls
from tests.support.aws import invoke, signed_in
from tests.support.pictures import arrived, picture, upload

CONSUMER = "consumers/process_avatar"


def upload_avatar() -> None:
    ada, user = signed_in("ada")
    form = ada.post(f"/v1/users/{user.id}/avatar", {"content_type": "image/png"}).data
    # Whoever sends the form acts in the name of the function that has signed it.
    with calls.by("users/upload_avatar"):
        upload(form, picture())


def process_avatar() -> None:
    ada, user = signed_in("ada")
    for content in (picture(), picture("JPEG"), b"not a picture"):
        form = ada.post(f"/v1/users/{user.id}/avatar", {"content_type": "image/png"}).data
        upload(form, content)
        # The second time the file is gone.
        for _ in range(2):
            assert invoke(place(CONSUMER), arrived(form)) == {"batchItemFailures": []}
    other = arrived({"fields": {"key": "uploads/other"}})
    assert len(invoke(place(CONSUMER), other)["batchItemFailures"]) == 1


def delete_avatar() -> None:
    ada, user = signed_in("ada")
    for _ in range(2):
        form = ada.post(f"/v1/users/{user.id}/avatar", {"content_type": "image/png"}).data
        upload(form, picture())
        invoke(place(CONSUMER), arrived(form))
    upload(ada.post(f"/v1/users/{user.id}/avatar", {"content_type": "image/png"}).data, picture())
    assert ada.delete(f"/v1/users/{user.id}/avatar").status == 204


SCENARIOS: dict[str, Scenario] = {
    CONSUMER: process_avatar,
    "users/delete_avatar": delete_avatar,
    "users/upload_avatar": upload_avatar,
}
