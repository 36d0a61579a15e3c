"""HTTP connections to DynamoDB: kept alive, shared by threads, and precise about what is known after a failure."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import urllib3
from botocore.httpsession import get_cert_path
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0


@dataclass(frozen=True)
class RawResponse:
    """An HTTP response: status, headers by lower-case name, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OutcomeUnknownError(Exception):
    """The request was sent, but no valid response was received: it may have been applied."""


class NotSentError(Exception):
    """No connection was established, so nothing was applied."""


type Exchange = Callable[[bytes, Mapping[str, str]], RawResponse]
"""Sends one signed request and returns the response; raises `NotSentError` or `OutcomeUnknownError`."""


def pooled_exchange(endpoint_url: str, *, connections: int = 10, read_seconds: float = READ_SECONDS) -> Exchange:
    """Return an exchange over a pool of kept-alive connections that threads may share.

    Args:
        endpoint_url: `https://host` or `http://host:port`.
        connections: maximum number of connections kept alive.
        read_seconds: read timeout in seconds.
    """
    url = urlsplit(endpoint_url)
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds)
    pool: urllib3.HTTPConnectionPool
    if url.scheme == "https":
        bundle = os.environ.get("AWS_CA_BUNDLE") or get_cert_path(verify=True)
        pool = urllib3.HTTPSConnectionPool(
            str(url.hostname), url.port, timeout=timeout, maxsize=connections, ca_certs=bundle
        )
    else:
        pool = urllib3.HTTPConnectionPool(str(url.hostname), url.port, timeout=timeout, maxsize=connections)

    def exchange(body: bytes, headers: Mapping[str, str]) -> RawResponse:
        try:
            response = pool.urlopen("POST", "/", body=body, headers=dict(headers), retries=False)
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise NotSentError(type(error).__name__) from error
        except (HTTPError, OSError) as error:
            raise OutcomeUnknownError(type(error).__name__) from error
        lower = {name.lower(): value for name, value in response.headers.items()}
        return RawResponse(response.status, lower, response.data)

    return exchange


def dynamodb_endpoint(region: str) -> str:
    """Return the URL of DynamoDB in a region, or the one that the environment names."""
    given = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return given or f"https://dynamodb.{region}.{suffix}"
