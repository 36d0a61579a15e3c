"""The query page at GET /graphql: whole in itself, nothing runs that its policy does not name, or plainly not there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.aws import Answer, Api
from tests.support.graphql import codes
from tests.support.make import outside_make
from tests.unit.test_docs_page import MAX_ANSWER_BYTES, Elements, hashes, policy

ROOT = Path(__file__).resolve().parents[3]
ASSETS = ROOT / "layers" / "runtime" / "graphiql"
BUNDLES = (
    "graphiql.min.css",
    "graphiql.min.js",
    "graphql-ws.min.js",
    "react.production.min.js",
    "react-dom.production.min.js",
)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def package(folder: Path, *bundles: str) -> None:
    """The package that the layer has, with these bundles."""
    made = folder / "graphiql_page"
    made.mkdir()
    for name in ("__init__.py", "page.css", "page.js"):
        shutil.copy(ASSETS / name, made)
    for name in bundles:
        (made / name).write_text(f"/* {name} </script> */", encoding="utf-8")


@pytest.fixture
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "graphiql_page", raising=False)
    return tmp_path


def ask(api: Api, **headers: str) -> Answer:
    return api.get("/graphql", headers={**BROWSER, **headers})


def test_a_browser_gets_a_page_that_loads_nothing_and_runs_what_its_policy_names(layer: Path, api: Api) -> None:
    package(layer, *BUNDLES)
    page = ask(api)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    elements = Elements(page.body.decode())
    assert policy(page)["script-src"] == list(hashes(elements.inline["script"]))
    assert policy(page)["style-src"] == list(hashes(elements.inline["style"]))
    assert elements.addresses == ["data:,"]
    assert elements.handlers == []
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert policy(page)["connect-src"][:2] == ["'self'", "https://api.example.com"]
    assert page.headers["Vary"] == "Origin, Accept"
    assert ask(api, **{"If-None-Match": page.headers["ETag"]}).status == 304


def test_a_query_of_a_browser_is_executed(layer: Path, api: Api) -> None:
    package(layer, *BUNDLES)
    answer = api.get("/graphql?query=%7Bposts%7Bid%7D%7D", headers=BROWSER)
    assert answer.json == {"data": {"posts": []}}


def test_without_the_bundles_the_page_is_not_there_and_queries_are(layer: Path, api: Api) -> None:
    package(layer)
    answer = ask(api)
    assert (answer.status, codes(answer)) == (404, [("NOT_FOUND", "")])
    assert api.get("/graphql?query=%7Bposts%7Bid%7D%7D").status == 200


def test_whoever_does_not_ask_for_html_gets_an_error_and_no_page(api: Api) -> None:
    answer = api.get("/graphql", headers={"Accept": "application/json"})
    assert (answer.status, codes(answer)) == (400, [("VALIDATION_ERROR", "")])


@pytest.mark.exhaustive
@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm")
def test_the_layer_has_the_bundles_and_the_page_fits_into_a_response(layer: Path, api: Api, tmp_path: Path) -> None:
    copy = tmp_path / "source"
    shutil.copytree(ROOT / "layers" / "runtime", copy)
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    subprocess.run(
        ["make", "--silent", "build-GraphqlLayer", f"ARTIFACTS_DIR={tmp_path}/built"],
        cwd=copy,
        env={**outside_make(), "PATH": path, "LAMINA_ARCHITECTURE": "host"},
        check=True,
        timeout=300,
    )
    shutil.move(tmp_path / "built" / "python" / "graphiql_page", layer)
    page = ask(api)
    assert page.status == 200
    assert len(json.dumps(page.body.decode())) < MAX_ANSWER_BYTES
    assert "GraphiQL" in page.body.decode()
