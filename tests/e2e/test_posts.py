"""Posts on the running stack: written by one, read by everybody, and among the author's activities."""

import os
import re
import subprocess
import sys
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import SEED_PASSWORD, wait_until
from tests.support.stack import ROOT, RunningStack

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
def editor(anyone: Client, seeded: str) -> Client:
    assert seeded
    return anyone.signed_in("editor@lamina.test", SEED_PASSWORD)


def create(editor: Client, **fields: object) -> Any:
    answer = editor.post("/v1/posts", {"title": "On the stack", "content": "Some *words*.", **fields})
    assert answer.status == HTTPStatus.CREATED, answer.body
    return answer.data


def test_a_post_is_published_read_by_everybody_and_hidden_again(anyone: Client, editor: Client) -> None:
    post = create(editor, tags=["stack"])
    path = f"/v1/posts/{post['id']}"
    assert anyone.get(path).status == HTTPStatus.NOT_FOUND
    assert editor.post(f"{path}/publish").data["published"]
    read = anyone.get(path)
    assert read.data["content_html"] == "<p>Some <em>words</em>.</p>\n"
    assert read.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=300"
    assert anyone.get(path, headers={"If-None-Match": read.headers["ETag"]}).status == HTTPStatus.NOT_MODIFIED
    assert anyone.call("HEAD", path).status == HTTPStatus.OK
    listed = anyone.get("/v1/posts?tag=stack&limit=1")
    assert [each["id"] for each in listed.data] == [post["id"]]
    assert editor.post(f"{path}/unpublish").status == HTTPStatus.OK
    assert anyone.get(path).status == HTTPStatus.NOT_FOUND


def test_an_old_slug_leads_to_the_present_one(anyone: Client, editor: Client) -> None:
    old, new = f"old-{uuid4().hex}", f"new-{uuid4().hex}"
    post = create(editor, slug=old, published=True)
    assert editor.patch(f"/v1/posts/{post['id']}", {"slug": new}).status == HTTPStatus.OK
    moved = anyone.get(f"/v1/posts/slug/{old}")
    assert (moved.status, moved.headers["Location"]) == (HTTPStatus.PERMANENT_REDIRECT, f"/v1/posts/slug/{new}")
    assert anyone.get(f"/v1/posts/slug/{new}").data["id"] == post["id"]


def test_what_happens_to_a_post_is_an_activity_of_its_author(editor: Client) -> None:
    post = create(editor, published=True)
    assert editor.delete(f"/v1/posts/{post['id']}").status == HTTPStatus.NO_CONTENT
    path = f"/v1/users/{post['author_id']}/activities?type=post.*"

    def types() -> list[str]:
        found = editor.get(path).data
        return [each["type"] for each in found if each["data"]["id"] == post["id"]]

    wait_until(lambda: len(types()) == 3, "the activities of the post")
    assert types() == ["post.deleted", "post.published", "post.created"]


def test_a_published_post_is_found_within_seconds_and_a_hidden_one_not_from_that_moment_on(
    anyone: Client, editor: Client
) -> None:
    word = f"needle{uuid4().hex[:12]}"
    post = create(editor, title=f"The {word}s", published=True)
    path = f"/v1/posts/{post['id']}"

    def found(query: str) -> list[str]:
        return [each["id"] for each in anyone.get(f"/v1/posts?search={query}").data]

    wait_until(lambda: found(word) == [post["id"]], "the post in the index")
    assert found(f"THE+{word[:-3]}")[0] == post["id"]
    (hit,) = anyone.get(f"/v1/posts?search={word}").data
    assert hit["highlights"]["title"] == [f"The <mark>{word}s</mark>"]
    assert editor.post(f"{path}/unpublish").status == HTTPStatus.OK
    assert found(word) == []
    assert editor.post(f"{path}/publish").status == HTTPStatus.OK
    wait_until(lambda: found(word) == [post["id"]], "the post in the index again")
    assert editor.delete(path).status == HTTPStatus.NO_CONTENT
    assert found(word) == []


def test_the_index_is_rebuilt_from_the_posts(stack: RunningStack, anyone: Client, editor: Client) -> None:
    word = f"rebuilt{uuid4().hex[:12]}"
    post = create(editor, title=word, published=True)
    done = subprocess.run(
        [sys.executable, "-m", "local.reindex"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(stack.port)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r"the index has [\d,]+ posts; [\d,]+ were removed from it\n", done.stdout)
    assert [each["id"] for each in anyone.get(f"/v1/posts?search={word}").data] == [post["id"]]


def test_the_demo_has_posts_in_several_languages(anyone: Client, seeded: str) -> None:
    assert seeded
    for slug in ("welcome-to-lamina", "kafi-am-see", "tokyo-notes"):
        assert anyone.get(f"/v1/posts/slug/{slug}").data["content_html"]
    assert anyone.get("/v1/posts/slug/plans-for-spring").status == HTTPStatus.NOT_FOUND
