"""The page at /docs: whole in itself, and nothing on it runs that the policy does not name.

It is Scalar or, without its layer, Swagger UI.
"""

import gzip
import json
import re
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from aws_lambda_powertools.event_handler.openapi import swagger_ui

from layers.runtime import build
from tests.support.aws import Answer, Api
from tests.support.make import outside_make

MAX_ANSWER_BYTES = 6 * 1024 * 1024
"""What Lambda returns at the most (Lambda quotas, invocation payload)."""
ASSETS = ("swagger-ui.min.css", "swagger-ui-bundle.min.js")
SCALAR = Path(__file__).resolve().parents[2] / "layers" / "runtime" / "scalar"
BUNDLE = "Scalar = {}; // ü </script>"
RUNNABLE = (None, "", "text/javascript")


def fresh(api: Api) -> Answer:
    """The page of a new instance of the function."""
    sys.modules.pop("functions.gateway.docs", None)
    return api.get("/docs")


@pytest.fixture
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The layer as `make` builds it, with another bundle."""
    made = tmp_path / "scalar_page"
    made.mkdir()
    for name in ("__init__.py", "page.css", "page.js"):
        shutil.copy(SCALAR / name, made)
    bundle = tmp_path / "standalone.js"
    bundle.write_text(BUNDLE, encoding="utf-8")
    subprocess.run([sys.executable, SCALAR / "pack.py", bundle, made], check=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "scalar_page", raising=False)
    yield made
    for module in ("functions.gateway.docs", "scalar_page"):
        sys.modules.pop(module, None)


@pytest.fixture
def scalar(layer: Path, api: Api) -> Answer:  # noqa: ARG001 (a fixture that must be there)
    return fresh(api)


@pytest.fixture
def swagger(api: Api) -> Answer:
    return fresh(api)


@pytest.fixture(params=["scalar", "swagger"])
def page(request: pytest.FixtureRequest) -> Answer:
    answer: Answer = request.getfixturevalue(request.param)
    return answer


class Elements(HTMLParser):
    """What stands in the scripts and styles of a page, and every address in an attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.data: dict[str, str] = {}
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self._open = self._data = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        is_data = tag == "script" and named.get("type") not in RUNNABLE
        self._data = named.get("id") or "" if is_data else ""
        self._open = tag if tag in self.inline and not is_data else ""
        if self._open:
            self.inline[tag].append("")
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inline:
            self._open = self._data = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inline[self._open][-1] += data
        elif self._data:
            self.data[self._data] = self.data.get(self._data, "") + data


def policy(page: Answer) -> dict[str, list[str]]:
    directives = (directive.split() for directive in page.headers["Content-Security-Policy"].split("; "))
    return {name: sources for name, *sources in directives}


def hashes(contents: list[str]) -> Iterator[str]:
    for content in contents:
        yield f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def test_the_page_is_html_with_a_title_and_small_enough_for_lambda(page: Answer) -> None:
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<title>Lamina API</title>" in page.body.decode()
    assert len(json.dumps(page.body.decode())) < MAX_ANSWER_BYTES


def test_each_script_of_scalar_is_allowed_by_its_hash_and_nothing_else_is(scalar: Answer) -> None:
    (start,) = Elements(scalar.body.decode()).inline["script"]
    assert policy(scalar)["script-src"] == list(hashes([BUNDLE, start]))
    assert "unsafe-eval" not in scalar.headers["Content-Security-Policy"]


def test_styles_of_scalar_can_load_nothing_from_anywhere(scalar: Answer) -> None:
    assert policy(scalar)["style-src"] == ["'unsafe-inline'"]
    assert policy(scalar)["img-src"] == policy(scalar)["font-src"] == ["data:"]


def test_the_bundle_is_data_that_the_page_unpacks(scalar: Answer) -> None:
    packed = Elements(scalar.body.decode()).data["scalar"]
    assert gzip.decompress(b64decode(packed)).decode() == BUNDLE


def test_each_script_and_style_of_swagger_ui_is_allowed_by_its_hash_and_nothing_else_is(swagger: Answer) -> None:
    inline = Elements(swagger.body.decode()).inline
    assert policy(swagger)["script-src"] == list(hashes(inline["script"]))
    assert policy(swagger)["style-src"] == list(hashes(inline["style"]))
    assert "unsafe" not in swagger.headers["Content-Security-Policy"]


def test_the_page_asks_no_other_host_for_anything(page: Answer) -> None:
    elements = Elements(page.body.decode())
    assert elements.addresses == ["data:,"]
    assert elements.handlers == []
    assert policy(page)["default-src"] == ["'none'"]
    assert policy(page)["connect-src"] == ["'self'", "https://api.example.com"]
    assert not re.search(r"@import|url\((?![\"']?data:)", elements.inline["style"][0])


def test_scalar_sends_nothing_to_those_who_made_it(scalar: Answer) -> None:
    (start,) = Elements(scalar.body.decode()).inline["script"]
    settings = ("telemetry: false", "withDefaultFonts: false", "agent: { disabled: true }", "mcp: { disabled: true }")
    assert [setting for setting in settings if setting not in start] == []
    assert "proxyUrl" not in start


def test_swagger_ui_does_not_send_the_document_to_its_validator(swagger: Answer) -> None:
    assert "validatorUrl: null" in Elements(swagger.body.decode()).inline["script"][1]


def test_swagger_ui_finds_the_document_beside_itself_under_any_stage(swagger: Answer) -> None:
    start = Elements(swagger.body.decode()).inline["script"][1]
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


@pytest.mark.exhaustive
@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm")
def test_the_layer_has_the_bundle_of_scalar_and_the_page_fits_into_a_response(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    shutil.copytree(SCALAR.parent, source)
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    subprocess.run(
        ["make", "--silent", "build-DocsLayer", f"ARTIFACTS_DIR={tmp_path}/built"],
        cwd=source,
        env={**outside_make(), "PATH": path},
        check=True,
        timeout=300,
    )
    monkeypatch.syspath_prepend(str(tmp_path / "built" / "python"))
    monkeypatch.delitem(sys.modules, "scalar_page", raising=False)
    text = fresh(api).body.decode()
    bundle = gzip.decompress(b64decode(Elements(text).data["scalar"])).decode()
    assert "createApiReference" in bundle
    assert len(json.dumps(text)) < MAX_ANSWER_BYTES / 2
    for module in ("functions.gateway.docs", "scalar_page"):
        sys.modules.pop(module, None)
