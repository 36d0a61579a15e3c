"""A running stack whose parts fail as a test wants it, from outside; what became of the events is printed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import register, seeded
from tests.faults.cloud import Cloud, wait_until
from tests.faults.figures import Report
from tests.support.stack import RunningStack

__all__ = ["seeded"]

CROWD = 100


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder: all of them are long."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("long")


@pytest.fixture(scope="session")
def cloud(stack: RunningStack) -> Cloud:
    return Cloud(stack)


@pytest.fixture
def report(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Report:
    """Prints the figures of the test."""
    return Report(request.node.name.removeprefix("test_").replace("_", " "), capsys)


@pytest.fixture(scope="session")
def crowd(stack: RunningStack, cloud: Cloud) -> list[dict[str, Any]]:
    """A hundred users who have had the mail that comes of registering."""
    with ThreadPoolExecutor(4) as threads:
        users = list(threads.map(lambda _: register(Client(stack.port, set())), range(CROWD)))
    addresses = {user["email"] for user in users}
    wait_until(lambda: addresses <= {mail["to"][0] for mail in cloud.mails()}, "everybody has a mail", 120)
    return users
