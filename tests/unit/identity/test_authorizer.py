"""The authorizer when the table is slow, gone, or wrong."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from functions.gateway import authorizer
from lamina.identity.sessions import service as sessions
from tests.support.aws import Api, Context, signed_in


def break_sessions(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def check(*_: object) -> bool:
        raise error

    monkeypatch.setattr(sessions, "find_active", check)


def refusal(code: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(response, "BatchGetItem")


@pytest.fixture
def api(aws: None) -> Api:  # noqa: ARG001 (the table must be there)
    return signed_in("someone")[0]


@pytest.mark.parametrize("error", [refusal("ThrottlingException"), ReadTimeoutError(endpoint_url="")])
def test_while_the_table_is_away_nobody_is_anonymous(
    api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    break_sessions(monkeypatch, error)
    answer = api.get("/v1/users/me")
    assert (answer.status, answer.error["code"]) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"]


def test_a_bug_is_raised_so_that_the_gateway_refuses(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    break_sessions(monkeypatch, refusal("AccessDeniedException"))
    with pytest.raises(ClientError):
        api.get("/v1/users/me")


def test_one_policy_serves_every_method_and_path(api: Api) -> None:
    event = api._event("GET", "/v1/users/me", None, {}, api.token)
    event["methodArn"] = "arn:aws:execute-api:us-east-1:1:abc/live/GET/v1/users/me"
    (statement,) = authorizer.handler(event, Context())["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == "arn:aws:execute-api:us-east-1:1:abc/live/*"
