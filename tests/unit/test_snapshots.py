"""With SnapStart, each endpoint is primed before its snapshot, by a request that reaches nothing."""

import importlib
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from lamina.http import App
from lamina.http.credential_app import CredentialApp
from lamina.snapshots import before_snapshot
from tests.support import calls
from tests.support.templates import evaluated, functions, template

ENDPOINTS = [function for function in functions() if function.routes]


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What is registered where SnapStart is on."""
    registered: list[Callable[[], object]] = []
    runtime = SimpleNamespace(register_before_snapshot=registered.append)
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", runtime)
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    return registered


def test_nothing_is_registered_without_snapstart(
    hooks: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    before_snapshot(lambda: None)
    assert hooks == []


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("place", [function.place for function in ENDPOINTS])
def test_priming_an_endpoint_calls_no_service(place: str, hooks: list[Callable[[], object]]) -> None:
    function = next(function for function in ENDPOINTS if function.place == place)
    app: App = importlib.import_module(function.module).app
    _ = app.handler
    with calls.by("priming"):
        hooks[-1]()
    assert calls.made.pop("priming", set()) == set()


def test_endpoints_that_count_for_themselves_are_among_them() -> None:
    apps = [importlib.import_module(function.module).app for function in ENDPOINTS]
    assert any(isinstance(app, CredentialApp) for app in apps)


@pytest.mark.parametrize(
    ("on_aws", "snapstart", "wanted"),
    [("true", "on", {"ApplyOn": "PublishedVersions"}), ("true", "off", None), ("false", "on", None)],
)
def test_snapstart_is_for_aws_and_for_those_who_want_it(
    on_aws: str, snapstart: str, wanted: dict[str, str] | None
) -> None:
    for stack in {function.stack for function in ENDPOINTS}:
        written = template(stack)["Globals"]["Function"]
        given = evaluated(written, stack, {"OnAws": on_aws, "SnapStart": snapstart})
        assert given.get("SnapStart") == wanted
