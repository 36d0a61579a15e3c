"""The DynamoDB transport: DynamoDB's JSON protocol, below PynamoDB and Powertools, in place of botocore's client.

Botocore interprets a model of the whole service for each call, which costs several times what signing, sending and
parsing take. `lamina` uses only the operations on items, so this module speaks the protocol itself (DynamoDB developer
guide, "DynamoDB low-level API"). Exceptions are botocore's, and so are credentials that are not in the environment.
`LAMINA_TABLE_TRANSPORT=botocore` switches back.
"""

import base64
import json
import random
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from lamina.storage.connections import Exchange, NotSentError, OutcomeUnknownError, RawResponse, pooled_exchange
from lamina.storage.signing import credentials_of_process, forget_credentials, signed_headers

if TYPE_CHECKING:
    from lamina.storage.signing import Credentials

ATTEMPTS: Final = 3
BUDGET_SECONDS: Final = 8.0
"""No attempt starts later than this after the first: a request's function has 10 seconds and must still return 503."""
BACKOFF_SECONDS: Final = 0.05
"""Upper bound of the first wait between attempts; it doubles. Full jitter
(https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/)."""
SKEW_SECONDS: Final = 240
"""A response whose `Date` differs by more than this corrects the clock that requests are signed with; DynamoDB refuses
signatures that are off by 15 minutes (IAM user guide, "Signature Version 4")."""
SERVER_ERROR: Final = 500

THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
"""Refusals before anything is written (DynamoDB developer guide, "Error handling with DynamoDB")."""
SKEWED = frozenset({"InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"})
EXPIRED = frozenset({"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"})
REPEATABLE = frozenset(
    {"BatchGetItem", "BatchWriteItem", "DescribeTable", "GetItem", "ListTables", "Query", "Scan", "TransactGetItems"}
)
"""Operations with the same effect however often they run. A transaction is one too, by its token."""

type Params = Mapping[str, Any]


@dataclass
class Call:
    """One call of the table, as passed to observers.

    Attributes:
        operation: such as `GetItem`.
        params: as sent.
        attempts: requests sent so far.
        response: the parsed response; that of an error has `Error`. None until it has come.
        started: when it began, in seconds since the epoch.
    """

    operation: str
    params: Params
    attempts: int = 0
    response: dict[str, Any] | None = None
    started: float = field(default_factory=time.time)


class DynamoDb:
    """The part of botocore's DynamoDB client that PynamoDB and Powertools need: operations on items.

    Attributes:
        meta: `endpoint_url` and `region_name`, as a botocore client has them.
        before: observers of each call, before its first request.
        after: observers of each call, once it has its response, or has failed.
    """

    def __init__(
        self,
        endpoint_url: str,
        region: str,
        *,
        credentials: Callable[[], "Credentials"] = credentials_of_process,
        exchange: Exchange | None = None,
    ) -> None:
        """Create a client.

        Args:
            endpoint_url: of DynamoDB.
            region: that requests are signed for.
            credentials: returns those to sign with; called for each request.
            exchange: sends a request; by default over connections of its own.
        """
        self.meta = SimpleNamespace(endpoint_url=endpoint_url, region_name=region)
        self.before: list[Callable[[Call], None]] = []
        self.after: list[Callable[[Call], None]] = []
        self._host = urlsplit(endpoint_url).netloc
        self._region = region
        self._credentials = credentials
        self._exchange = exchange or pooled_exchange(endpoint_url)
        self._clock_offset = 0.0
        # PynamoDB creates a client of its own unless it finds credentials here.
        self._request_signer = SimpleNamespace(_credentials=True)

    def get_item(self, **params: Any) -> dict[str, Any]:  # noqa: ANN401 (as botocore's client)
        """Call GetItem."""
        return self._make_api_call("GetItem", params)

    def put_item(self, **params: Any) -> dict[str, Any]:  # noqa: ANN401 (as botocore's client)
        """Call PutItem."""
        return self._make_api_call("PutItem", params)

    def update_item(self, **params: Any) -> dict[str, Any]:  # noqa: ANN401 (as botocore's client)
        """Call UpdateItem."""
        return self._make_api_call("UpdateItem", params)

    def delete_item(self, **params: Any) -> dict[str, Any]:  # noqa: ANN401 (as botocore's client)
        """Call DeleteItem."""
        return self._make_api_call("DeleteItem", params)

    def _make_api_call(self, operation: str, params: Params) -> dict[str, Any]:
        """Call an operation: the seam at which PynamoDB meets botocore.

        Raises:
            ClientError: DynamoDB refused.
            EndpointConnectionError: no connection was made, so nothing was applied.
            ConnectionClosedError: no valid response came back, so a write may have been applied.
        """
        call = Call(operation, {"ReturnConsumedCapacity": "TOTAL", **params})
        for observe in self.before:
            observe(call)
        try:
            call.response = self._attempt_within_budget(call, json.dumps(call.params, default=_encode_bytes).encode())
        except ClientError as error:
            call.response = cast("dict[str, Any]", error.response)
            raise
        finally:
            for observe in self.after:
                observe(call)
        return call.response

    def _attempt_within_budget(self, call: Call, body: bytes) -> dict[str, Any]:
        """Send a request until its outcome is known, as often as that is safe and there is time."""
        deadline = time.monotonic() + BUDGET_SECONDS
        is_repeatable = call.operation in REPEATABLE or "ClientRequestToken" in call.params
        while True:
            call.attempts += 1
            failure: Exception
            try:
                return self._attempt(call, body)
            except NotSentError as error:
                failure, may_repeat = EndpointConnectionError(endpoint_url=self.meta.endpoint_url, error=error), True
            except OutcomeUnknownError as error:
                failure = ConnectionClosedError(endpoint_url=self.meta.endpoint_url, request=call.operation)
                failure.__cause__, may_repeat = error, is_repeatable
            except ClientError as error:
                failure, may_repeat = error, self._may_repeat(error, is_repeatable=is_repeatable)
            wait = random.uniform(0, BACKOFF_SECONDS * 2 ** (call.attempts - 1))  # noqa: S311 (jitter, not a secret)
            if not may_repeat or call.attempts == ATTEMPTS or time.monotonic() + wait > deadline:
                raise failure
            time.sleep(wait)

    def _attempt(self, call: Call, body: bytes) -> dict[str, Any]:
        """Send one request, and parse its response."""
        raw = self._exchange(body, self._headers(call.operation, body))
        checksum = raw.headers.get("x-amz-crc32")
        if checksum is not None and int(checksum) != zlib.crc32(raw.body):
            raise OutcomeUnknownError("checksum")
        try:
            # Only values of the types B and BS are not what JSON holds.
            hook = _decode_bytes if b'"B"' in raw.body or b'"BS"' in raw.body else None
            parsed: dict[str, Any] = json.loads(raw.body, object_hook=hook)
        except ValueError as error:
            if raw.status < SERVER_ERROR:
                raise OutcomeUnknownError("not JSON") from error
            parsed = {}
        if raw.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._error(call, raw, parsed)
        return parsed

    def _error(self, call: Call, raw: RawResponse, parsed: dict[str, Any]) -> ClientError:
        """Return botocore's exception for an error response."""
        code = str(parsed.pop("__type", raw.status)).rpartition("#")[2]
        message = parsed.pop("message", "") or parsed.pop("Message", "")
        metadata = {
            "RequestId": raw.headers.get("x-amzn-requestid", ""),
            "HTTPStatusCode": raw.status,
            "HTTPHeaders": dict(raw.headers),
            "RetryAttempts": call.attempts - 1,
        }
        response: Any = {**parsed, "Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
        return ClientError(response, call.operation)

    def _may_repeat(self, error: ClientError, *, is_repeatable: bool) -> bool:
        """Return whether a refused request can be sent again; correct what it was signed with, if that was why."""
        response: Any = error.response
        code, metadata = response["Error"]["Code"], response["ResponseMetadata"]
        if code in SKEWED:
            return self._correct_clock(metadata["HTTPHeaders"].get("date", ""))
        if code in EXPIRED:
            forget_credentials()
            return True
        if metadata["HTTPStatusCode"] >= SERVER_ERROR:
            return is_repeatable
        return code in THROTTLED

    def _correct_clock(self, date: str) -> bool:
        """Set the clock to the server's; return whether that changes anything."""
        try:
            offset = parsedate_to_datetime(date).timestamp() - time.time()
        except ValueError:
            return False
        changes = abs(offset - self._clock_offset) > SKEW_SECONDS
        if changes:
            self._clock_offset = offset
        return changes

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        clock = time.time() + self._clock_offset
        return signed_headers(
            operation, body, host=self._host, region=self._region, credentials=self._credentials(), clock=clock
        )


def _encode_bytes(value: object) -> object:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"DynamoDB takes no {type(value).__name__}")


def _decode_bytes(value: dict[str, Any]) -> dict[str, Any]:
    """Decode an attribute value of the types B and BS (API_AttributeValue); anything else is returned unchanged."""
    if len(value) == 1:
        if isinstance(value.get("B"), str):
            return {"B": base64.b64decode(value["B"])}
        if isinstance(value.get("BS"), list):
            return {"BS": [base64.b64decode(each) for each in value["BS"]]}
    return value
