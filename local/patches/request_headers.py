"""A function's event has every value of a repeated header and of a repeated query key.

MiniStack joins repeated header lines with ", " into one value and gives the first value of a repeated query key.
API Gateway lists each line in `multiValueHeaders` and gives the last one in `headers` and `queryStringParameters`
(https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ministack.core.sigv4 import decode_header_value
from ministack.services import apigateway_v1

type RawHeaders = Iterable[tuple[bytes, bytes]]

_raw_headers: ContextVar[RawHeaders] = ContextVar("raw_headers", default=())


@contextmanager
def remembered(headers: RawHeaders) -> Iterator[None]:
    """While it lasts, the header lines of the request being served, as they came."""
    token = _raw_headers.set(headers)
    try:
        yield
    finally:
        _raw_headers.reset(token)


def apply() -> None:
    """Pass header lines and query unchanged in the event of a proxy integration."""
    build = apigateway_v1._build_lambda_event_v1

    def with_every_value(*positional: Any, **named: Any) -> dict[str, Any]:
        event: dict[str, Any] = build(*positional, **named)
        lines = _lines(_raw_headers.get())
        if lines:
            event["multiValueHeaders"] = lines
            event["headers"] = {name: values[-1] for name, values in lines.items()}
        repeated = event["multiValueQueryStringParameters"]
        if repeated:
            event["queryStringParameters"] = {key: values[-1] for key, values in repeated.items()}
        return event

    apigateway_v1._build_lambda_event_v1 = with_every_value


def _lines(headers: RawHeaders) -> dict[str, list[str]]:
    """Values by name; the name is spelled as its first line spells it."""
    spelling: dict[str, str] = {}
    lines: dict[str, list[str]] = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1")
        lines.setdefault(spelling.setdefault(name.lower(), name), []).append(decode_header_value(raw_value))
    return lines
