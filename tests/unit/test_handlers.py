"""Every function, called in-process with its sample event: the same files that `sam local invoke -e` takes."""

import json
import logging
from collections.abc import Iterator
from http import HTTPStatus
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

import pytest

from lamina.http.headers import SECURITY
from lamina.identity.credentials import second_factor
from lamina.payments import notifications
from lamina.users import counting
from tests.roles.saga import provider
from tests.support.aws import Answer, Api, answer_of, invoke
from tests.support.openapi import is_public, operation, problems
from tests.support.releases import deploying
from tests.support.samples import EPOCH, VIEWER, sample, store_samples
from tests.support.templates import Function, functions

SAM_SAMPLE = files("samcli") / "lib" / "generated_sample_events" / "events" / "apigateway" / "AwsProxy.json"
ENDPOINTS = {function.place: function for function in functions() if function.routes}
DOCUMENTED = {place: function for place, function in ENDPOINTS.items() if place != "gateway/fallback"}
OTHERS = {function.place: function for function in functions() if not function.routes}


@pytest.fixture
def _samples(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (a fixture that must be there)
    store_samples()
    # The code of the second factor in one of them is of this instant.
    monkeypatch.setattr(second_factor, "time", SimpleNamespace(time=lambda: EPOCH))
    # So is the signature in another.
    monkeypatch.setattr(notifications, "time", SimpleNamespace(time=lambda: EPOCH))


@pytest.fixture(scope="module", autouse=True)
def _payments() -> Iterator[None]:
    """A provider of payments, for the function that compares them with orders; and a deployment, for its hook."""
    with provider(), deploying():
        yield


def asks_who_calls(function: Function) -> bool:
    route = function.routes[0]
    return not is_public(operation(route.method, route.path))


def run(function: Function) -> Any:
    return invoke(function, sample(function.place))


def answer(function: Function) -> Answer:
    return answer_of(run(function))


def troubles(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno > logging.INFO]


@pytest.mark.usefixtures("_samples")
@pytest.mark.parametrize("place", ENDPOINTS)
def test_a_sample_request_succeeds_just_as_documented_and_shows_no_bug(
    place: str, caplog: pytest.LogCaptureFixture
) -> None:
    given = answer(ENDPOINTS[place])
    assert given.headers["X-Correlation-Id"] == "sample-1"
    assert given.headers.keys() >= SECURITY.keys()
    assert troubles(caplog) == []
    if place in DOCUMENTED:
        route = ENDPOINTS[place].routes[0]
        documented = operation(route.method, route.path)["responses"]
        assert str(int(given.status)) == min(documented), given.body.decode()
        assert not problems(route.method, route.path, given.status, dict(given.headers), given.body)


@pytest.mark.usefixtures("_samples")
@pytest.mark.parametrize("place", OTHERS)
def test_a_sample_event_shows_no_bug(place: str, caplog: pytest.LogCaptureFixture) -> None:
    run(OTHERS[place])
    assert troubles(caplog) == []


@pytest.mark.usefixtures("_samples")
@pytest.mark.parametrize("place", [place for place in DOCUMENTED if asks_who_calls(DOCUMENTED[place])])
def test_without_a_caller_the_answer_is_401_just_as_documented(place: str) -> None:
    route = ENDPOINTS[place].routes[0]
    event = sample(place)
    event["requestContext"]["authorizer"] = {"problem": "UNAUTHENTICATED"}
    given = answer_of(invoke(ENDPOINTS[place], event))
    assert given.error["code"] == "UNAUTHENTICATED"
    assert not problems(route.method, route.path, given.status, dict(given.headers), given.body)


@pytest.mark.parametrize("place", ENDPOINTS)
def test_a_sample_request_has_the_shape_that_sam_gives_its_own(place: str) -> None:
    own, sams = sample(place), json.loads(SAM_SAMPLE.read_bytes())
    route = ENDPOINTS[place].routes[-1]
    assert own.keys() == sams.keys()
    assert own["requestContext"].keys() >= sams["requestContext"].keys()
    assert own["requestContext"]["identity"].keys() >= sams["requestContext"]["identity"].keys()
    assert (own["resource"], own["requestContext"]["resourcePath"]) == (route.path, route.path)
    assert own["headers"] == {name: values[-1] for name, values in own["multiValueHeaders"].items()}
    assert ("authorizer" in own["requestContext"]) is route.authorized


def test_the_fallback_says_which_methods_an_address_takes(api: Api) -> None:
    given = answer(ENDPOINTS["gateway/fallback"])
    assert (given.status, given.error["code"]) == (HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED")
    assert given.headers["Allow"] == "POST, OPTIONS"
    assert api.get("/nothing/here").error["code"] == "NOT_FOUND"


def test_the_root_leads_a_browser_to_the_documentation_and_nobody_else(api: Api) -> None:
    led = api.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (led.status, led.headers["Location"]) == (HTTPStatus.FOUND, "https://api.example.com/live/docs")
    assert led.headers["Vary"] == "Origin, Accept"
    assert api.get("/", headers={"Accept": "*/*"}).error["code"] == "NOT_FOUND"
    assert api.post("/", {}, headers={"Accept": "text/html"}).error["code"] == "NOT_FOUND"


def test_the_authorizer_lets_a_stranger_through_to_be_refused_in_the_envelope(aws: None) -> None:  # noqa: ARG001
    policy = run(OTHERS["gateway/authorizer"])
    assert policy["context"].keys() == {"problem", "quota"}
    assert policy["context"]["problem"] == "UNAUTHENTICATED"
    statement = policy["policyDocument"]["Statement"][0]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/live/*"


def test_the_counting_consumer_counts_the_user_of_the_stream_record(aws: None) -> None:  # noqa: ARG001
    assert run(OTHERS["consumers/count_users"]) == {"batchItemFailures": []}
    assert counting.total() == 1
    assert run(OTHERS["consumers/count_users"]) == {"batchItemFailures": []}
    assert counting.total() == 1, f"{VIEWER} was counted twice"
