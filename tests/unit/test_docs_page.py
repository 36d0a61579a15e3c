"""The page at /docs: whole in itself, and nothing on it runs that the policy does not name."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from aws_lambda_powertools.event_handler.openapi import swagger_ui

from layers.runtime import build
from tests.support.aws import Answer, Api

MAX_ANSWER_BYTES = 6 * 1024 * 1024
"""What Lambda returns at the most (Lambda quotas, invocation payload)."""
ASSETS = ("swagger-ui.min.css", "swagger-ui-bundle.min.js")


@pytest.fixture
def page(api: Api) -> Answer:
    return api.get("/docs")


class Elements(HTMLParser):
    """What stands in the scripts and styles of a page, and every address in an attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag if tag in self.inline else ""
        if self._open:
            self.inline[tag].append("")
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inline:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inline[self._open][-1] += data


def policy(page: Answer) -> dict[str, list[str]]:
    directives = (directive.split() for directive in page.headers["Content-Security-Policy"].split("; "))
    return {name: sources for name, *sources in directives}


def hashes(contents: list[str]) -> Iterator[str]:
    for content in contents:
        yield f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def test_the_page_is_html_titled_lamina_and_small_enough_for_lambda(page: Answer) -> None:
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<title>Lamina</title>" in page.body.decode()
    assert len(json.dumps(page.body.decode())) < MAX_ANSWER_BYTES


def test_each_script_and_style_is_allowed_by_its_hash_and_nothing_else_is(page: Answer) -> None:
    inline = Elements(page.body.decode()).inline
    assert policy(page)["script-src"] == list(hashes(inline["script"]))
    assert policy(page)["style-src"] == list(hashes(inline["style"]))
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_the_page_asks_no_other_host_for_anything(page: Answer) -> None:
    elements = Elements(page.body.decode())
    assert elements.addresses == ["data:,"]
    assert elements.handlers == []
    assert policy(page)["default-src"] == ["'none'"]
    assert policy(page)["connect-src"] == ["'self'", "https://api.example.com"]
    assert not re.search(r"@import|url\((?![\"']?data:)", elements.inline["style"][0])
    assert "validatorUrl: null" in elements.inline["script"][1]


def test_the_page_finds_the_document_beside_itself_under_any_stage(page: Answer) -> None:
    start = Elements(page.body.decode()).inline["script"][1]
    assert 'location.pathname.replace(/\\/+$/, "").replace(/[^/]*$/, "openapi.json")' in start


def test_the_page_may_be_cached_and_is_revalidated_by_its_etag(api: Api, page: Answer) -> None:
    assert page.headers["Cache-Control"].startswith("public")
    assert api.get("/docs", headers={"If-None-Match": page.headers["ETag"]}).status == 304


def test_the_layer_keeps_what_the_page_is_made_of(tmp_path: Path) -> None:
    folder = tmp_path / Path(*swagger_ui.__name__.split("."))
    folder.mkdir(parents=True)
    for name in ASSETS:
        (folder / name).write_bytes((files(swagger_ui) / name).read_bytes())
    build.remove_never_read(tmp_path)
    assert {path.name for path in folder.iterdir()} == set(ASSETS)
