"""AWS as unit tests see it: moto in this process, and a driver that calls functions as API Gateway does.

Importing moto comes before importing `lamina`: it hooks into the clients that modules make when they are imported.
"""

import base64
import importlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.models import botocore_stubber
from moto.dynamodb.responses import DynamoHandler
from pydantic import SecretStr

from lamina.access.policy import Role
from lamina.cache import values
from lamina.events.envelope import Envelope, envelope
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import registration
from lamina.settings import settings
from lamina.storage.connections import RawResponse
from lamina.storage.item import connect
from lamina.storage.transport import DynamoDb
from lamina.users.model import User
from lamina.users.service import NewUser
from tests.support import calls, permissions, table
from tests.support.events import problems
from tests.support.templates import STACKS, Function, Route, functions, template

PASSWORD = "Correct-horse-1"
METHOD_ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/live/{method}{path}"


def moto_exchange(body: bytes, headers: Mapping[str, str]) -> RawResponse:
    """Have moto answer a request of the transport: the double of its connections."""
    url = f"https://dynamodb.{os.environ['AWS_REGION']}.amazonaws.com/"
    request = AWSPreparedRequest("POST", url, HTTPHeaders.from_dict(dict(headers)), body, stream_output=False)
    answered = botocore_stubber.process_request(request)
    assert answered, "moto is not running"
    status, given, content = answered
    raw = content if isinstance(content, bytes) else content.encode()
    return RawResponse(status, {name.lower(): str(value) for name, value in given.items()}, raw)


_exchange = None if table.IS_THERE else moto_exchange
_client = cast("DynamoDb", connect().client)
_client.before.append(calls.record_table_call)
_client._exchange = _exchange or _client._exchange
_tests_client = DynamoDb(_client.meta.endpoint_url, _client.meta.region_name, exchange=_exchange)


def call_table(operation: str, **params: Any) -> dict[str, Any]:
    """Call the table for the test itself: it is put down to no function, and is what no test replaces.

    A client of boto3 would take a third of the time of a test.
    """
    return _tests_client._make_api_call(operation, {"TableName": settings().table, **params})


@cache
def table_client() -> Any:
    """Return boto3's client of DynamoDB, made once: it takes longer than most tests."""
    return boto3.client("dynamodb")


@cache
def table_resource() -> Any:
    """Return boto3's resource of the table, made once as well."""
    return boto3.resource("dynamodb").Table(settings().table)


@contextmanager
def services() -> Iterator[None]:
    """Whatever functions call, in this process; what is made when a stack is deployed is there, but for the table."""
    with mock_aws(), _one_at_a_time():
        kms = boto3.client("kms")
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=settings().signing_keys, TargetKeyId=key)
        kms.create_alias(AliasName=settings().secrets_key, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        boto3.client("events").create_event_bus(Name=settings().bus)
        boto3.client("sesv2").create_email_identity(EmailIdentity=settings().mail_from)
        boto3.client("s3").create_bucket(Bucket=settings().files)
        for queue in (settings().deliveries, settings().push_events, settings().close_sockets):
            boto3.client("sqs").create_queue(QueueName=queue.rpartition("/")[2])
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name=settings().cursor_secret, SecretString="x" * 64)
        account = {"api_key": "sk_test_of_the_tests", "webhook_secret": "signs-notifications"}
        secrets.create_secret(Name=settings().payment_secret, SecretString=json.dumps(account))
        role = f"arn:aws:iam::{settings().saga.split(':')[4]}:role/orders"
        machine = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
        name = settings().saga.rpartition(":")[2]
        boto3.client("stepfunctions").create_state_machine(name=name, definition=machine, roleArn=role)
        yield


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let the table serve one call at a time: moto fails when a thread reads what another is changing."""
    lock, call_action = Lock(), DynamoHandler.call_action

    def alone(handler: DynamoHandler) -> object:
        with lock:
            return call_action(handler)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DynamoHandler, "call_action", alone)
        yield


@pytest.fixture(scope="session")
def moto_services() -> Iterator[None]:
    """The services, once: making an elliptic key takes its time, and the code caches it and the secret."""
    with services():
        yield


@pytest.fixture
def aws(moto_services: None) -> Iterator[None]:  # noqa: ARG001 (a fixture that must be there)
    """The services that functions call, with an empty table that is as `stacks/data.yaml` describes it.

    Whatever events a test leaves in the table are as their schemas say.
    """
    call_table("CreateTable", **table_definition())
    values.memory.clear()
    try:
        yield
        unfit = [problem for event in raised() for problem in problems(event)]
    finally:
        call_table("DeleteTable")
    assert not unfit, "events were raised that are not as their schemas say"
    refused = {(name, call) for name, made in calls.made.items() for call in permissions.refused(name, made)}
    calls.made.clear()
    assert not refused, "functions called what their roles refuse"


def raised() -> Iterator[Envelope]:
    """Yield every event in the outbox of the table, as it would be published."""
    start: dict[str, Any] = {}
    values = {":event": {"S": "event"}}
    while True:
        page = call_table("Scan", FilterExpression="kind = :event", ExpressionAttributeValues=values, **start)
        for image in page["Items"]:
            yield envelope(OutboxItem.from_raw_data(image))
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


@cache
def table_definition() -> dict[str, Any]:
    """What `create_table` needs of the template's table, so that no test has another one than is deployed."""
    data = next(stack for stack in STACKS if stack.name == "data.yaml")
    properties = template(data)["Resources"]["Table"]["Properties"]
    taken = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    return {name: properties[name] for name in taken}


class Context:
    """The Lambda context, as far as the code reads it."""

    function_name = "lamina-test"
    function_version = "1"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:lamina-test:live"
    aws_request_id = "0f1f2f3f-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would stop the call."""
        return 60_000


@dataclass(frozen=True)
class Answer:
    """What a client would see."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The whole body."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """What the envelope holds."""
        return self.json["data"]

    @property
    def error(self) -> Any:
        """What the error envelope holds."""
        return self.json["error"]


@dataclass
class Api:
    """A client of the API as `template.yaml` describes it: its routes, its authorizer, its functions, in this process.

    Attributes:
        address: where requests come from.
        token: an access token to send with every request that does not bring its own.
    """

    address: str = "203.0.113.7"
    token: str = ""
    requests: int = field(default=0, init=False)

    def call(
        self,
        method: str,
        target: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Answer:
        """Send one request.

        Args:
            method: of the request.
            target: path and query, as in a URL.
            body: text and bytes go as they are, anything else as JSON.
            headers: beside those that every client sends.
            token: in place of the client's own; `""` for none.
        """
        self.requests += 1
        event = self._event(method, target, body, headers or {}, self.token if token is None else token)
        function, route, parameters = find_route(method, event["path"])
        event |= {"resource": route.path, "pathParameters": parameters or None}
        event["requestContext"] |= {"resourcePath": route.path}
        if route.authorized:
            event["requestContext"]["authorizer"] = authorize(event)
        return answer_of(invoke(function, event))

    def get(self, target: str, **how: Any) -> Answer:
        """Send a GET."""
        return self.call("GET", target, **how)

    def post(self, target: str, body: object = None, **how: Any) -> Answer:
        """Send a POST."""
        return self.call("POST", target, body=body, **how)

    def put(self, target: str, body: object = None, **how: Any) -> Answer:
        """Send a PUT."""
        return self.call("PUT", target, body=body, **how)

    def patch(self, target: str, body: object = None, **how: Any) -> Answer:
        """Send a PATCH."""
        return self.call("PATCH", target, body=body, **how)

    def delete(self, target: str, **how: Any) -> Answer:
        """Send a DELETE."""
        return self.call("DELETE", target, **how)

    def _event(self, method: str, target: str, body: object, given: Mapping[str, str], token: str) -> dict[str, Any]:
        url = urlsplit(target)
        query = parse_qs(url.query, keep_blank_values=True)
        headers = {"Host": "api.example.com", "User-Agent": "tests", "X-Forwarded-For": self.address}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        headers |= given
        text = body if isinstance(body, str | bytes | None) else json.dumps(body)
        binary = isinstance(text, bytes)
        return {
            "resource": "",
            "path": unquote(url.path),
            "httpMethod": method,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {
                "requestId": f"request-{self.requests}",
                "httpMethod": method,
                "path": f"/live{url.path}",
                "stage": "live",
                "identity": {"sourceIp": self.address, "userAgent": "tests"},
            },
            "body": base64.b64encode(text).decode() if isinstance(text, bytes) else text,
            "isBase64Encoded": binary,
        }


@pytest.fixture
def api(aws: None) -> Api:  # noqa: ARG001 (a fixture that must be there)
    """A client that is not signed in, before an empty table."""
    return Api()


def make_user(username: str, role: Role = Role.VIEWER, *, password: str = PASSWORD, **fields: Any) -> User:
    """Store a user `<username>@example.com` that can sign in with this password."""
    new = NewUser(email=f"{username}@example.com", username=username, name=username.title(), role=role, **fields)
    return registration.register(new, SecretStr(password), RequestContext(None, "test"))


def signed_in(username: str, role: Role = Role.VIEWER) -> tuple[Api, User]:
    """Store a user and sign it in: its client, and the user."""
    user = make_user(username, role)
    answer = Api().post("/v1/auth/login", {"email": user.email, "password": PASSWORD})
    return Api(token=answer.data["access_token"]), user


def invoke(function: Function, event: Mapping[str, Any]) -> Any:
    """What a function returns for an event; the AWS calls that it makes are put down to it."""
    handler = importlib.import_module(function.module).handler
    with calls.by(function.place):
        return handler(event, Context())


def authorize(event: Mapping[str, Any]) -> dict[str, Any]:
    """What the authorizer establishes for a request: the context that API Gateway hands on."""
    authorizer = next(function for function in functions() if function.name == "AuthorizerFunction")
    arn = METHOD_ARN.format(method=event["httpMethod"], path=event["path"])
    context: dict[str, Any] = invoke(authorizer, {**event, "type": "REQUEST", "methodArn": arn})["context"]
    return context


def answer_of(response: Mapping[str, Any]) -> Answer:
    """What API Gateway makes of a function's return value."""
    body = response["body"]
    raw = base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
    headers = {name: ", ".join(values) for name, values in response["multiValueHeaders"].items()}
    return Answer(response["statusCode"], headers, raw)


def find_route(method: str, path: str) -> tuple[Function, Route, dict[str, str]]:
    """Choose as API Gateway does: the most literal path that has the method, the greedy one at last."""
    found = [
        (function, route, match.groupdict())
        for function in functions()
        for route in function.routes
        if route.method in (method, "ANY") and (match := _pattern(route.path).fullmatch(path))
    ]
    return min(found, key=lambda choice: ("+" in choice[1].path, choice[1].path.count("{")))


@cache
def _pattern(path: str) -> re.Pattern[str]:
    greedy = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", path)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", greedy), re.DOTALL)
