"""Signs requests to AWS (IAM user guide, "Create a signed AWS API request")."""

import hashlib
import hmac
import os
import time
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from botocore.exceptions import NoCredentialsError

from lamina.snapshots import before_snapshot

if TYPE_CHECKING:
    from botocore.credentials import Credentials as BotocoreCredentials
    from botocore.credentials import ReadOnlyCredentials


class Credentials(NamedTuple):
    """Credentials to sign a request with."""

    access_key: str
    secret_key: str
    token: str | None = None


def credentials_of_process() -> Credentials:
    """Return the current credentials: Lambda's variables, read at each call, or those that botocore finds.

    Botocore renews credentials that expire, such as the container credentials of SnapStart (Lambda developer guide,
    "Lambda SnapStart compatibility").

    Raises:
        NoCredentialsError: if there are none.
    """
    environment = os.environ
    if environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
        return Credentials(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN"),
        )
    found = _provided_credentials()
    if found is None:
        raise NoCredentialsError
    frozen: ReadOnlyCredentials = found.get_frozen_credentials()
    return Credentials(str(frozen.access_key), str(frozen.secret_key), frozen.token)


@cache
def _provided_credentials() -> "BotocoreCredentials | None":
    found: BotocoreCredentials | None = _botocore_session().get_session().get_credentials()
    return found


def signed_headers(
    operation: str, body: bytes, *, host: str, region: str, credentials: Credentials, clock: float
) -> dict[str, str]:
    """Return the headers of a request, including its signature.

    Args:
        operation: name such as `GetItem`.
        body: body of the request.
        host: host, with the port unless it is the default.
        region: region of the table.
        credentials: credentials to sign with.
        clock: current Unix time as known to DynamoDB.
    """
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "host": host,
        "x-amz-date": _instant(clock),
        **({"x-amz-security-token": credentials.token} if credentials.token else {}),
        "x-amz-target": f"DynamoDB_20120810.{operation}",
    }
    return _signed("POST", "/", headers, body, region=region, service="dynamodb", credentials=credentials)


def signed_request(
    method: str,
    path: str,
    body: bytes,
    *,
    host: str,
    region: str,
    service: str,
    credentials: Credentials,
    clock: float,
) -> dict[str, str]:
    """Return the headers of a request to a REST API of AWS, including its signature.

    Args:
        method: HTTP method.
        path: path as sent, percent-encoded; there is no query.
        body: body of the request.
        host: host, with the port unless it is the default.
        region: region of the service.
        service: name that the signature is made for, such as `execute-api`.
        credentials: credentials to sign with.
        clock: current Unix time.
    """
    headers = {
        "host": host,
        "x-amz-date": _instant(clock),
        **({"x-amz-security-token": credentials.token} if credentials.token else {}),
    }
    # Every service except S3 signs the encoded path encoded once more.
    return _signed(
        method, quote(path, safe="/~"), headers, body, region=region, service=service, credentials=credentials
    )


def _instant(clock: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(clock))


def _signed(
    method: str, path: str, headers: dict[str, str], body: bytes, *, region: str, service: str, credentials: Credentials
) -> dict[str, str]:
    """Return headers, which are in the order of their names, with the signature of a request."""
    instant = headers["x-amz-date"]
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"{method}\n{path}\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{instant[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{instant}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signing_key = _signing_key(credentials.secret_key, instant[:8], region, service)
    signature = hmac.digest(signing_key, text.encode(), "sha256").hex()
    proof = f"Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {proof}"}


def forget_credentials() -> None:
    """Discard the cached credentials; the next request looks them up again."""
    _provided_credentials.cache_clear()


def _botocore_session() -> Any:  # noqa: ANN401 (a module)
    """Import what finds credentials elsewhere: a tenth of a cold start, which Lambda's variables make superfluous."""
    return import_module("botocore.session")


# An instance that starts from a snapshot has no such variables.
before_snapshot(_botocore_session)


@lru_cache(maxsize=4)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """Return the key that signs all requests of a day."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
