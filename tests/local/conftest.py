"""A small system of the real one's shape, copied where tests may change it, and one laptop stack that serves it."""

import http.client
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.account import Account
from local.stack import client
from tests.support.stack import RunningStack, start

CHECKOUT = Path(__file__).with_name("checkout")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def ask(
    running: RunningStack,
    target: str,
    method: str = "GET",
    headers: list[tuple[str, str]] | None = None,
    body: bytes | None = None,
    source: str = "127.0.0.1",
) -> Answer:
    """One request with the target and header lines exactly as given, from a loopback address."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30, source_address=(source, 0))
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers or []:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def aws(service: Any, state: Path) -> Any:
    """A client of the local AWS that keeps its state there."""
    port = (state / "aws.port").read_text(encoding="utf-8")
    described = {"endpoint": f"http://127.0.0.1:{port}", "credentials": state / "aws-credentials"}
    return client(service, Account.of(described))


def account(running: RunningStack) -> Account:
    """The account behind a stack."""
    return Account.of(ask(running, "/_local/stack").json)


def copy_checkout(target: Path) -> Path:
    """The small system, in a folder of the test's own."""
    shutil.copytree(CHECKOUT, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of the small system."""
    return copy_checkout(tmp_path_factory.mktemp("small") / "checkout")


@pytest.fixture(scope="module")
def small(checkout: Path) -> Iterator[RunningStack]:
    """The small system, served."""
    with start(root=checkout) as running:
        running.wait_for("ready")
        yield running
