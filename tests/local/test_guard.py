"""Who may ask the front and the local AWS: neither a page from elsewhere, nor who lacks the credentials of the run."""

import hashlib
import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.account import CONTAINERS_NAME, RUN_HEADER, Account
from local.stack import client
from tests.local.conftest import account, ask
from tests.local.ministack import eventually
from tests.support.stack import RunningStack

pytestmark = pytest.mark.xdist_group("local")

FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:3000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "",
    "10.0.0.1",
    "other.localhost",
    f"{CONTAINERS_NAME}.evil.example",
]
FOREIGN_ORIGINS = ["https://evil.example", "null", "http://127.0.0.1", "http://localhost:1", "*"]
NEW_FUNCTION = json.dumps({"FunctionName": "planted", "Runtime": "python3.13", "Role": "r", "Handler": "f.g"}).encode()
TEXT = {"Content-Type": "text/plain"}
BY_NAME = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/lambda/aws4_request, SignedHeaders=host"
}
UNSIGNED: list[tuple[str, str, Mapping[str, str], bytes]] = [
    ("POST", "/2015-03-31/functions", TEXT, NEW_FUNCTION),
    ("POST", "/2015-03-31/functions", TEXT | BY_NAME, NEW_FUNCTION),
    ("POST", "/2015-03-31/functions?X-Amz-Credential=test/20261128/us-east-1/lambda/aws4_request", TEXT, NEW_FUNCTION),
    ("POST", "/2015-03-31/functions/planted/invocations", TEXT, b"{}"),
    ("POST", "/?Action=ListUsers&Version=2010-05-08", {}, b""),
    ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=ListStacks&Version=2010-05-15"),
    (
        "POST",
        "/",
        {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"},
        b"{}",
    ),
    ("POST", "/lamina-artifacts", {"Content-Type": "multipart/form-data; boundary=b"}, b"--b--"),
    ("GET", "/", {}, b""),
    ("GET", "/lamina-artifacts", {}, b""),
    ("PUT", "/lamina-artifacts/planted", {}, b"planted"),
    ("OPTIONS", "/", {"Access-Control-Request-Method": "POST"}, b""),
    ("OPTIONS", "/2015-03-31/functions", {"Access-Control-Request-Method": "POST"}, b""),
    ("GET", "/_ministack/health", {}, b""),
    ("GET", "/_ministack/ses/messages", {}, b""),
    ("POST", "/_ministack/reset", {}, b""),
    ("GET", "/_lamina/events", {}, b""),
    ("POST", "/_lamina/save", {RUN_HEADER: "guessed"}, b""),
    ("GET", "/_aws/execute-api/{api}/live/health", {}, b""),
]


@pytest.fixture(scope="module")
def run(small: RunningStack) -> Account:
    return account(small)


@pytest.fixture(scope="module")
def bucket(run: Account, small: RunningStack) -> Iterator[str]:
    """A bucket that pages of the stack's own origin may send forms to."""
    s3, name = client("s3", run), f"b{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    rules = [{"AllowedMethods": ["POST"], "AllowedOrigins": [small.url], "AllowedHeaders": ["*"]}]
    s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
    s3.put_object(Bucket=name, Key="kept", Body=b"kept")
    yield name
    for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


def send(
    run: Account, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> tuple[int, Mapping[str, str], bytes]:
    """Ask the local AWS exactly this: status, headers with small names, body."""
    place = urlsplit(run.endpoint)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
    try:
        connection.request(method, target, body, {"Host": place.netloc, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def fetched(run: Account, link: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    return send(run, "GET", link.removeprefix(run.endpoint), headers)


def as_the_product_signs(run: Account) -> Any:
    """A client of S3."""
    return boto3.client(
        "s3",
        endpoint_url=run.endpoint,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
        aws_access_key_id=run.access_key_id,
        aws_secret_access_key=run.secret_access_key,
    )


def signed(run: Account, host: str, **headers: str) -> dict[str, str]:
    """The headers of a good `sts:GetCallerIdentity`, sent to a host of this name."""
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Host": host}
    request = AWSRequest("POST", f"http://{host}/", kind, body)
    SigV4Auth(Credentials(run.access_key_id, run.secret_access_key), "sts", "us-east-1").add_auth(request)
    return {**dict(request.headers.items()), **headers}


@pytest.mark.parametrize("path", ["/_local", "/_local/stack", "/_local/mail", "/health"])
@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_the_front_answers_to_no_foreign_name(small: RunningStack, path: str, host: str) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", small.port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        assert answer.status == 403
        assert json.load(answer)["error"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("path", ["/_local", "/_local/stack", "/_local/mail", "/health"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_the_front_refuses_pages_from_elsewhere(small: RunningStack, path: str, method: str, origin: str) -> None:
    answer = ask(small, path, method, [("Origin", origin)], b"{}")
    assert (answer.status, answer.json["error"]["code"]) == (403, "FORBIDDEN")
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_second_origin_does_not_hide_behind_a_good_one(small: RunningStack) -> None:
    assert ask(small, "/health", headers=[("Origin", small.url), ("Origin", "https://evil.example")]).status == 403


def test_the_front_serves_its_own_pages_by_each_of_its_names(small: RunningStack) -> None:
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        own = {"Host": f"{name}:{small.port}", "Origin": f"http://{name.lower()}:{small.port}"}
        with closing(http.client.HTTPConnection("127.0.0.1", small.port, timeout=30)) as connection:
            connection.request("GET", "/_local/stack", headers=own)
            assert connection.getresponse().status == 200


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"), UNSIGNED, ids=[f"{one[0]} {one[1]} {sorted(one[2])}" for one in UNSIGNED]
)
def test_the_local_aws_does_nothing_for_who_has_not_signed(
    small: RunningStack, run: Account, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> None:
    api = client("apigateway", run).get_rest_apis()["items"][0]["id"]
    status, answered, _ = send(run, method, target.format(api=api), headers, body)
    assert status == 403
    assert not [name for name in answered if name.startswith("access-control")]
    assert ask(small, "/health").status == 200


@pytest.mark.parametrize(
    "guess",
    [
        {"access_key_id": "test", "secret_access_key": "test"},
        {"access_key_id": "000000000000", "secret_access_key": "test"},
        {"secret_access_key": "test"},
        {"access_key_id": "AKIA0000000000000000"},
    ],
)
def test_other_credentials_than_those_of_the_run_open_nothing(run: Account, guess: dict[str, str]) -> None:
    for service, call in (("lambda", "list_functions"), ("s3", "list_buckets"), ("sts", "get_caller_identity")):
        with pytest.raises(ClientError) as refused:
            getattr(client(service, replace(run, **guess)), call)()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_the_credentials_of_a_function_cannot_be_worked_out_from_its_name(small: RunningStack, run: Account) -> None:
    assert ask(small, "/health").status == 200  # its process has been given them
    function = next(one for one in client("lambda", run).list_functions()["Functions"] if "Echo" in one["FunctionName"])
    for arn in (function["FunctionArn"], f"{function['FunctionArn']}:live", f"{function['FunctionArn']}:1"):
        digest = hashlib.sha256(f"{arn}:{function['Role']}".encode()).hexdigest()
        made = Credentials(
            f"ASIA{digest[:16].upper()}",
            hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
            hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
        )
        request = AWSRequest("GET", f"{run.endpoint}/lamina-artifacts", {"Host": urlsplit(run.endpoint).netloc})
        SigV4Auth(made, "s3", "us-east-1").add_auth(request)
        assert send(run, "GET", "/lamina-artifacts", dict(request.headers.items()))[0] == 403


def test_what_is_signed_is_served_without_leave_for_pages(run: Account) -> None:
    own = urlsplit(run.endpoint).netloc
    status, headers, body = send(run, "POST", "/", signed(run, own), b"Action=GetCallerIdentity&Version=2011-06-15")
    assert (status, b":root" in body) == (200, True)
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("more", [{"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_page_from_elsewhere_is_refused_whatever_it_knows(run: Account, more: dict[str, str]) -> None:
    own = signed(run, urlsplit(run.endpoint).netloc, **more)
    assert send(run, "POST", "/", own, b"Action=GetCallerIdentity&Version=2011-06-15")[0] == 403


@pytest.mark.parametrize("host", [host for host in FOREIGN_HOSTS if host])
def test_a_foreign_name_is_refused_whatever_is_known(run: Account, host: str) -> None:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert send(run, "POST", "/", signed(run, host), body)[0] == 403
    assert send(run, "GET", "/_ministack/health", {"Host": host, **run.headers})[0] == 403


def test_the_name_that_containers_use_is_served_to_those_who_sign_and_not_by_the_front(
    small: RunningStack, run: Account
) -> None:
    body, host = b"Action=GetCallerIdentity&Version=2011-06-15", f"{CONTAINERS_NAME}:{urlsplit(run.endpoint).port}"
    own = signed(run, host)
    assert send(run, "POST", "/", own, body)[0] == 200
    unsigned = {name: value for name, value in own.items() if name != "Authorization"}
    assert send(run, "POST", "/", unsigned, body)[0] == 403
    with closing(http.client.HTTPConnection("127.0.0.1", small.port, timeout=30)) as connection:
        connection.request("GET", "/_local/stack", headers={"Host": f"{CONTAINERS_NAME}:{small.port}"})
        assert connection.getresponse().status == 403


def test_a_body_other_than_the_one_that_was_signed_is_refused(run: Account) -> None:
    own = signed(run, urlsplit(run.endpoint).netloc)
    own["Content-Length"] = str(len(b"Action=ListUsers&Version=2010-05-08"))
    assert send(run, "POST", "/", own, b"Action=ListUsers&Version=2010-05-08")[0] == 403


def test_the_secret_of_the_run_never_reaches_a_function(small: RunningStack, run: Account) -> None:
    event = ask(small, "/echo/x", headers=[(RUN_HEADER, "mine")]).json["event"]
    assert RUN_HEADER.lower() not in {name.lower() for name in event["multiValueHeaders"]}
    assert run.secret_access_key not in json.dumps(event)


def test_the_credentials_lie_where_their_owner_alone_can_read_them(small: RunningStack, run: Account) -> None:
    file = Path(ask(small, "/_local/stack").json["credentials"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert run.secret_access_key in file.read_text(encoding="utf-8")
    assert run.secret_access_key not in ask(small, "/_local/stack").body.decode()


def test_a_signed_link_downloads_until_it_is_changed_or_expires(run: Account, bucket: str) -> None:
    s3, place = as_the_product_signs(run), {"Bucket": bucket, "Key": "kept"}
    link = s3.generate_presigned_url("get_object", Params=place, ExpiresIn=60)
    status, headers, body = fetched(run, link)
    assert (status, body) == (200, b"kept")
    assert "access-control-allow-origin" not in headers
    assert fetched(run, link.replace("/kept", "/other"))[0] == 403
    assert fetched(run, link.partition("?")[0])[0] == 403
    assert fetched(run, link, Origin="https://evil.example")[0] == 403
    short = s3.generate_presigned_url("get_object", Params=place, ExpiresIn=1)
    eventually(lambda: fetched(run, short)[0] == 403, "the link expires")


def test_a_page_of_the_stacks_own_uploads_by_a_signed_form(small: RunningStack, run: Account, bucket: str) -> None:
    origin = {"Origin": small.url}
    asked = {**origin, "Access-Control-Request-Method": "POST"}
    status, headers, _ = send(run, "OPTIONS", f"/{bucket}", asked)
    assert (status, headers["access-control-allow-origin"]) == (200, small.url)
    form = as_the_product_signs(run).generate_presigned_post(bucket, "uploaded", ExpiresIn=60)
    status, headers = upload(run, bucket, form["fields"], origin)
    assert (status, headers["access-control-allow-origin"]) == (204, small.url)
    assert upload(run, bucket, form["fields"] | {"x-amz-signature": "0" * 64}, origin)[0] == 403
    assert upload(run, bucket, {"key": "uploaded"}, origin)[0] == 403
    assert upload(run, bucket, form["fields"], {"Origin": "https://evil.example"})[0] == 403


def upload(
    run: Account, bucket: str, fields: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[int, Mapping[str, str]]:
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = "".join(part.format(name, value) for name, value in [*fields.items(), ("file", "content")]) + "--b--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b", **headers}
    status, answered, _ = send(run, "POST", f"/{bucket}", kind, body.encode())
    return status, answered
