"""API9:2023: what is deployed is what is documented, in one version, and nothing else answers."""

import re

import pytest

from tests.support.aws import Api
from tests.support.openapi import is_public, operations
from tests.support.templates import ROOT, functions

ROUTES = {
    (route.method.lower(), route.path)
    for function in functions()
    for route in function.routes
    if route.method not in ("ANY", "HEAD")
}
UNVERSIONED = ("/health", "/docs", "/openapi.json", "/.well-known/", "/oauth2/", "/graphql")


def test_the_document_holds_every_deployed_route_and_no_other() -> None:
    assert {(method, path) for method, path, _ in operations()} == ROUTES


def test_every_route_belongs_to_the_one_version() -> None:
    assert [path for _, path in ROUTES if not path.startswith(("/v1/", *UNVERSIONED))] == []


def test_every_handler_is_deployed() -> None:
    files = {
        f"{path.parent.name}/{path.stem}"
        for path in (ROOT / "functions").glob("*/*.py")
        if re.search(r"^(def )?handler\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert files == {function.place for function in functions()}


@pytest.mark.parametrize(
    "path",
    [
        "/_local",
        "/_local/mail",
        "/debug",
        "/metrics",
        "/.env",
        "/.git/config",
        "/v0/users",
        "/v2/users",
        "/swagger",
        "/actuator",
    ],
)
@pytest.mark.usefixtures("aws")
def test_nothing_for_developers_is_deployed(path: str) -> None:
    assert Api().get(path).status == 404


@pytest.mark.usefixtures("aws")
def test_what_the_document_calls_closed_is_closed() -> None:
    closed = [(method, path) for method, path, operation in operations() if not is_public(operation)]
    assert len(closed) > 10
    for number, (method, path) in enumerate(closed):
        target = path.replace("{", "").replace("}", "")
        body: object = None if method == "get" else {}
        assert Api(f"198.51.100.{number}").call(method.upper(), target, body=body).status == 401, (method, path)
