"""The check of a new version, before it gets traffic."""

import importlib
import json
from typing import Any

import pytest

from lamina import settings
from lamina.observability.version_check import CHECK
from tests.support import calls
from tests.support.aws import Context, invoke
from tests.support.receiver import Behaviour, answer
from tests.support.releases import DEPLOYMENT, HOOK, app_spec, deploying, invocations, reported
from tests.support.samples import sample
from tests.support.templates import Function, functions

HOOKED = next(function for function in functions() if function.place == "release/check_version")


def run() -> str:
    status: str = invoke(HOOKED, sample("release/check_version"))["status"]
    return status


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    "revision",
    [
        {"revisionType": "String", "string": {"content": app_spec()}},
        {"revisionType": "AppSpecContent", "appSpecContent": {"content": app_spec()}},
    ],
    ids=["string", "content"],
)
def test_a_version_that_starts_gets_traffic(revision: dict[str, Any]) -> None:
    with deploying(revision) as server:
        assert run() == "Succeeded"
        (request,) = server.at(invocations())
        assert json.loads(request.body) == CHECK
        (report,) = reported(server)
    assert report == {"deploymentId": DEPLOYMENT, "lifecycleEventHookExecutionId": HOOK, "status": "Succeeded"}


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    "broken",
    [
        answer(200, b'{"errorType": "Runtime.ImportModuleError"}', **{"X-Amz-Function-Error": "Unhandled"}),
        answer(200, b'{"version": "6"}'),
        answer(200, b'{"statusCode": 404}'),
    ],
    ids=["does not start", "another version", "does not know the check"],
)
def test_a_version_that_does_not_start_gets_none(broken: Behaviour) -> None:
    with deploying() as server:
        server.behaviours[invocations()] = broken
        assert run() == "Failed"
        (report,) = reported(server)
    assert report["status"] == "Failed"


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("function", functions(), ids=lambda function: function.place)
def test_every_function_returns_its_version_for_the_check_and_calls_nothing(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "7")
    handler = importlib.import_module(function.module).handler
    calls.made.clear()
    with calls.by("check"):
        assert handler(CHECK, Context()) == {"version": "7"}
    assert calls.made.pop("check", set()) == set()


def test_a_version_with_an_invalid_setting_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_SESSION_DAYS", "0")
    settings.settings.cache_clear()
    try:
        with pytest.raises(settings.SettingsError, match="LAMINA_SESSION_DAYS"):
            importlib.import_module("functions.users.get").handler(CHECK, Context())
    finally:
        settings.settings.cache_clear()
