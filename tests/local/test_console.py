"""The console of a running stack: who may ask, what a page may do, and that what happens arrives at once."""

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.local.conftest import Answer, ask
from tests.local.ministack import eventually
from tests.support.stack import RunningStack

pytestmark = pytest.mark.xdist_group("local")

BROWSER = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
SECONDS = 30


def document(small: RunningStack, path: str = "/_local") -> Answer:
    return ask(small, path, headers=[BROWSER])


def token(small: RunningStack) -> str:
    found = re.search(r'name="lamina-token" content="([^"]+)"', document(small).body.decode())
    assert found
    return found[1]


def data(small: RunningStack, path: str) -> Any:
    answer = ask(small, f"/_local/data/{path}")
    assert answer.status == 200, answer.body
    return answer.json


@contextmanager
def stream(small: RunningStack, last: int | None = None) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """The events of the console's stream: kind and content; `last` is the number of the last one that came."""
    connection = http.client.HTTPConnection("127.0.0.1", small.port, timeout=SECONDS)
    headers = {"Last-Event-ID": str(last)} if last is not None else {}
    connection.request("GET", "/_local/stream", headers=headers)
    response = connection.getresponse()
    assert response.headers["Content-Type"] == "text/event-stream"

    def events() -> Iterator[tuple[str, dict[str, Any]]]:
        kind = ""
        while line := response.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)

    try:
        yield events()
    finally:
        response.close()
        connection.close()


def test_every_view_is_one_document_that_runs_the_consoles_own_modules_only(small: RunningStack) -> None:
    for path in ("/_local", "/_local/", "/_local/requests", "/_local/requests/some-id"):
        answer = document(small, path)
        assert answer.status == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert f"script-src http://127.0.0.1:{small.port}/_local/assets/;" in policy
        assert policy.startswith("default-src 'none'; ")
        others = re.findall(r"https?://[^\s\"']+", answer.body.decode())
        assert all(other.startswith(small.url) for other in others)


def test_modules_and_styles_are_served_and_nothing_else_of_the_disk(small: RunningStack) -> None:
    for name, kind in (
        ("app.js", "text/javascript"),
        ("base.css", "text/css"),
        ("views/requests.js", "text/javascript"),
    ):
        answer = ask(small, f"/_local/assets/{name}")
        assert (answer.status, answer.headers.get_content_type()) == (200, kind)
    for name in ("../server.py", "..%2fserver.py", "../../../pyproject.toml", "views", "missing.js"):
        assert ask(small, f"/_local/assets/{name}").status == 404


def test_a_request_arrives_over_the_stream_and_is_listed_without_its_secrets(small: RunningStack) -> None:
    with stream(small) as events:
        assert next(events) == ("hello", {})
        secret = [
            ("Authorization", "Bearer secret-one"),
            ("X-Correlation-Id", "streamed"),
            ("Content-Type", "application/json"),
        ]
        ask(small, "/echo/streamed?token=secret-two", "POST", secret, b'{"password": "secret-three"}')
        got = next(content for kind, content in events if kind == "request")
    assert (got["method"], got["path"]) == ("POST", "/echo/streamed?token=•••")
    listed = data(small, "requests?q=streamed")["items"]
    assert got["number"] in [item["number"] for item in listed]
    whole = json.dumps(data(small, f"requests/{got['trace']}"))
    assert not re.search("secret-(one|two|three)", whole)


def test_a_stream_that_was_interrupted_repeats_what_was_missed(small: RunningStack) -> None:
    ask(small, "/echo/first")
    first = data(small, "requests?q=first")["items"][0]
    ask(small, "/echo/missed")
    with stream(small, last=first["number"]) as events:
        kinds = (content.get("path") for kind, content in events if kind == "request")
        assert next(kinds) == "/echo/missed"


def test_the_life_of_a_request_has_its_invocation_with_its_log(small: RunningStack) -> None:
    ask(small, "/echo/lived")

    def kinds() -> set[str]:
        trace = data(small, "requests?q=lived")["items"][0]["trace"]
        return {span["kind"] for span in data(small, f"requests/{trace}")["spans"]}

    eventually(lambda: {"gateway", "handler"} <= kinds(), "the invocation is there", SECONDS)


def test_an_action_needs_the_stacks_own_origin_and_the_token_of_this_run(small: RunningStack) -> None:
    own, right = ("Origin", small.url), ("X-Lamina-Token", token(small))
    for headers in ([], [own], [right], [own, ("X-Lamina-Token", "wrong")], [("Origin", "http://evil.example"), right]):
        assert ask(small, "/_local/actions/none", "POST", headers, b"{}").status == 403
    assert ask(small, "/_local/actions/none", "POST", [own, right], b"{}").status == 404
    assert ask(small, "/_local/actions/none", headers=[own, right]).status == 405


@pytest.mark.parametrize("path", ["/_local/data/requests", "/_local/stream"])
def test_a_page_of_another_site_reads_nothing(small: RunningStack, path: str) -> None:
    assert ask(small, path, headers=[("Sec-Fetch-Site", "cross-site")]).status == 404
    assert ask(small, path, headers=[("Origin", "http://evil.example")]).status == 403


def test_what_is_not_there_is_said_so(small: RunningStack) -> None:
    assert ask(small, "/_local/data/requests/nobody").status == 404
    assert ask(small, "/_local/data/nothing").status == 404
    assert ask(small, "/_local/data/requests?before=x").status == 400
