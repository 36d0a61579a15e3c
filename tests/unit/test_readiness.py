"""Readiness: every dependency is asked, and a rush of probes asks once."""

import pytest
from botocore.exceptions import EndpointConnectionError

from lamina.observability import readiness
from tests.support.aws import Api


class Dependencies:
    """Stand-ins for what readiness asks.

    Attributes:
        asked: how often in all.
        down: whether the table does not answer.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.down = False

    def table(self) -> None:
        """Answer, or fail as botocore does."""
        self.asked += 1
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://table")


@pytest.fixture
def dependencies(monkeypatch: pytest.MonkeyPatch) -> Dependencies:
    """One dependency, in a new process."""
    made = Dependencies()
    monkeypatch.setattr(readiness, "DEPENDENCIES", {"table": made.table})
    monkeypatch.setattr(readiness, "_found", (-readiness.FRESH_SECONDS, ()))
    return made


@pytest.mark.parametrize("down", [False, True])
def test_probes_within_five_seconds_ask_once(
    dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch, *, down: bool
) -> None:
    dependencies.down = down
    instant = 1000.0
    monkeypatch.setattr("lamina.observability.readiness.time.monotonic", lambda: instant)
    assert {Api().get("/health/ready").status for _ in range(20)} == {503 if down else 200}
    assert dependencies.asked == 1
    instant += readiness.FRESH_SECONDS
    dependencies.down = not down
    assert Api().get("/health/ready").status == (200 if down else 503)
    assert dependencies.asked == 2


def test_what_is_down_is_named(dependencies: Dependencies) -> None:
    dependencies.down = True
    assert Api().get("/health/ready").error["details"] == [{"field": "table", "message": "does not respond"}]
