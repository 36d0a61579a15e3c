"""A picture on its way: a form from the API, an upload to S3 itself, a consumer, an address that a browser can load."""

import io
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, register, wait_until
from tests.support.pictures import picture

pytestmark = pytest.mark.xdist_group("stack")

type Form = Mapping[str, Any]


@pytest.fixture
def ann(anyone: Client) -> Client:
    return anyone.signed_in(register(anyone)["email"], PASSWORD)


def me(who: Client) -> Any:
    return who.get("/v1/users/me").data


def ask(who: Client, content_type: str = "image/png") -> Form:
    answer = who.post(f"/v1/users/{me(who)['id']}/avatar", {"content_type": content_type})
    assert answer.status == 200, answer.body
    form: Form = answer.data
    return form


def send(form: Form, content: bytes, **fields: str) -> tuple[int, str]:
    """Send a form as a browser does: the status, and S3's word for what was wrong."""
    boundary = uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {**form["fields"], **fields}.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="me.png"\r\n\r\n'.encode()
    body = b"".join(parts) + head + content + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(form["url"], body, kind, method="POST")  # noqa: S310 (http, and ours)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (as above)
            return answer.status, ""
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode().partition("<Code>")[2].partition("</Code>")[0]


def load(url: str) -> tuple[int, Mapping[str, str], bytes]:
    """Load a picture as a browser does, without a token."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 (http, and ours)
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers), refusal.read()


def types(who: Client) -> list[str]:
    return [each["type"] for each in who.get(f"/v1/users/{me(who)['id']}/activities?limit=100").data]


def shown(who: Client) -> Callable[[], bool]:
    return lambda: me(who)["avatar_url"] is not None


def test_a_picture_is_uploaded_and_shown_upright_small_and_without_where_it_was_taken(ann: Client) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 26.0)})
    exif[0x010E] = "at home"
    source = picture("JPEG", (1200, 800), exif=exif)
    assert b"at home" in source
    form = ask(ann, "image/jpeg")
    assert form["url"].startswith("http://127.0.0.1:")
    assert send(form, source)[0] in {200, 204}
    wait_until(shown(ann), "an avatar")
    status, headers, content = load(me(ann)["avatar_url"])
    assert (status, headers["Content-Type"], headers["X-Content-Type-Options"]) == (200, "image/webp", "nosniff")
    assert "immutable" in headers["Cache-Control"]
    image = Image.open(io.BytesIO(content), formats=["WEBP"])
    assert image.size == (256, 256)
    assert not image.getexif()
    assert b"at home" not in content
    wait_until(lambda: "user.updated" in types(ann), "the event")


def test_a_newer_picture_takes_the_place_of_the_older_and_can_be_taken_back(ann: Client) -> None:
    send(ask(ann), picture("PNG"))
    wait_until(shown(ann), "an avatar")
    first = me(ann)["avatar_url"]
    send(ask(ann), picture("GIF"))
    wait_until(lambda: me(ann)["avatar_url"] != first, "another avatar")
    wait_until(lambda: load(first)[0] == 404, "the first is gone")
    second = me(ann)["avatar_url"]
    assert ann.delete(f"/v1/users/{me(ann)['id']}/avatar").status == 204
    assert me(ann)["avatar_url"] is None
    assert load(second)[0] == 404


def test_a_text_that_is_called_a_picture_changes_nothing(ann: Client) -> None:
    send(ask(ann), picture("WEBP"))
    wait_until(shown(ann), "an avatar")
    before = me(ann)["avatar_url"]
    assert send(ask(ann), b"I am a text.\n" * 100)[0] in {200, 204}
    wait_until(lambda: "user.avatar_refused" in types(ann), "the refusal")
    assert me(ann)["avatar_url"] == before
    assert load(before)[0] == 200


def test_s3_takes_nothing_but_what_the_form_says(ann: Client) -> None:
    form = ask(ann)
    other = form["fields"]["key"][:-1] + ("0" if form["fields"]["key"][-1] != "0" else "1")
    too_large = picture() + b"\0" * form["max_bytes"]
    assert send(form, too_large) == (400, "EntityTooLarge")
    assert send(form, b"")[0] == 400
    assert send(form, picture(), key=other)[0] == 403
    assert send(form, picture(), **{"Content-Type": "text/html"})[0] == 403
    assert send(form, picture(), acl="public-read")[0] == 403
    assert send({**form, "fields": {**form["fields"], "x-amz-signature": "0" * 64}}, picture())[0] == 403
    assert me(ann)["avatar_url"] is None


def test_nobody_asks_for_anothers_form(anyone: Client, ann: Client) -> None:
    other = register(anyone)
    answer = ann.post(f"/v1/users/{other['id']}/avatar", {"content_type": "image/png"})
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("path", ["uploads/x", "reports/x", "avatars/", "avatars/../uploads/x", "avatars/%2e%2e/x", ""])
def test_the_front_shows_avatars_and_nothing_else_of_the_bucket(ann: Client, path: str) -> None:
    assert ann.get(f"/_local/media/{path}").status == 404
