"""What becomes of failures that no client caused: outages and bugs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from pynamodb.exceptions import GetError, QueryError, TableError

from lamina.http import App, Envelope, Response
from lamina.observability.logs import log_failure
from tests.support.aws import Answer, Api
from tests.support.log import Log
from tests.unit.http.toy import Address, send

SECRET = "hunter2"
failing = App(public=True)
failures: Iterator[BaseException]


@failing.get("/fail")
def fail() -> Response[Envelope[Address]]:
    """Raise what the test wants."""
    raise next(failures)


def answer_to(error: BaseException) -> Answer:
    global failures  # noqa: PLW0603 (the endpoint has no other way to know)
    failures = iter([error])
    return send(failing, Api()._event("GET", "/fail", None, {}, ""))


def refusal(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": SECRET}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetItem")


def raised_from(cause: BaseException) -> Exception:
    error = RuntimeError(SECRET)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        refusal("ThrottlingException"),
        refusal("ProvisionedThroughputExceededException"),
        refusal("RequestLimitExceeded"),
        refusal("KMSInternalException", 500),
        refusal("ServiceUnavailable", 503),
        EndpointConnectionError(endpoint_url=SECRET),
        ConnectTimeoutError(endpoint_url=SECRET),
        ReadTimeoutError(endpoint_url=SECRET),
        GetError(SECRET, cause=refusal("ThrottlingException")),
        QueryError(SECRET, cause=ReadTimeoutError(endpoint_url=SECRET)),
        raised_from(refusal("InternalServerError", 500)),
        raised_from(GetError(SECRET, cause=refusal("ThrottlingException"))),
    ],
)
def test_what_we_depend_on_being_busy_is_503_and_worth_a_retry(error: Exception, log: Log) -> None:
    answer = answer_to(error)
    assert (answer.status, answer.error["code"]) == (503, "UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    line, _ = log.lines
    assert (line["level"], line["message"]) == ("WARNING", "dependency unavailable")
    assert SECRET not in json.dumps(line)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(SECRET),
        KeyError(SECRET),
        refusal("AccessDeniedException"),
        refusal("ValidationException"),
        refusal("ResourceNotFoundException"),
        TableError(SECRET, cause=refusal("AccessDeniedException")),
        raised_from(ValueError(SECRET)),
        RecursionError(SECRET),
    ],
)
def test_a_bug_is_500_in_the_envelope_and_logged_without_what_it_quotes(error: Exception, log: Log) -> None:
    answer = answer_to(error)
    assert (answer.status, answer.error["code"]) == (500, "INTERNAL")
    assert SECRET not in answer.body.decode()
    line, request = log.lines
    assert line["level"] == "ERROR"
    assert line["error"][0].startswith(type(error).__name__)
    assert any("test_failures.py" in frame for frame in line["frames"])
    assert line["correlation_id"] == request["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert SECRET not in log.text


def test_an_answer_that_is_not_as_declared_is_our_mistake_not_the_callers() -> None:
    wrong = App(public=True)

    @wrong.get("/wrong")
    def answer_wrongly() -> Response[Envelope[Address]]:
        body: Any = {"data": {"city": SECRET * 9}, "links": {}}
        return Response(200, "application/json", body)

    answer = send(wrong, Api()._event("GET", "/wrong", None, {}, ""))
    assert (answer.status, answer.error["code"], answer.error["details"]) == (500, "INTERNAL", [])
    assert SECRET not in answer.body.decode()


def test_a_failure_that_was_raised_from_itself_is_logged_to_where_the_circle_closes(log: Log) -> None:
    first, second = KeyError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    log_failure(first)
    assert log.lines[0]["error"] == ["KeyError", "ValueError"]
