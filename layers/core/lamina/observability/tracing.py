"""Traces: Powertools' Tracer over a provider that records X-Ray's documents and needs no SDK.

They are sent to X-Ray's daemon (`daemon.py`), or to an OpenTelemetry collector where `LAMINA_OTLP_URL` names one
(`otlp.py`). A function takes part in the trace that Lambda names in `_X_AMZN_TRACE_ID`; work that follows from an event
joins the trace of the request that caused it (`segment`). What is not sampled is not recorded. No text of an error, no
path and no query is ever sent.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import os
import re
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aws_lambda_powertools.tracing import Tracer
from aws_lambda_powertools.tracing.base import BaseProvider, BaseSegment

from lamina.observability import SERVICE, daemon
from lamina.observability.version_check import checkable
from lamina.settings import settings, variable

if TYPE_CHECKING:
    from lamina.observability.otlp import Collector

INVOCATION: Final = "_X_AMZN_TRACE_ID"
NOT_IN_NAMES: Final = re.compile(r"[^\w\s.:/%&#=+\\\-@]")
THROTTLED: Final = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}
TOO_MANY_REQUESTS: Final = 429
CLIENT_ERROR: Final = 400
SERVER_ERROR: Final = 500
TRACEPARENT: Final = re.compile(
    r"(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{8})([\da-f]{24})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-|$)"
)


class TraceHeader(NamedTuple):
    """What `X-Amzn-Trace-Id` says: the trace, the segment that caused what follows, and whether it is recorded."""

    root: str
    parent: str
    sampled: bool

    def __str__(self) -> str:
        return f"Root={self.root};Parent={self.parent};Sampled={int(self.sampled)}"


@lru_cache(maxsize=16)
def read_header(text: str) -> TraceHeader | None:
    """Read a trace header; None where it names no trace."""
    fields = dict(part.strip().partition("=")[::2] for part in text.split(";"))
    root, parent = fields.get("Root", ""), fields.get("Parent", "")
    return TraceHeader(root, parent, fields.get("Sampled") == "1" and bool(parent)) if root else None


def read_traceparent(text: str) -> TraceHeader | None:
    """Read a header of W3C's Trace Context; None where it is invalid, as its section 3.2 has it."""
    found = TRACEPARENT.match(text)
    if found is None:
        return None
    first, rest, parent, flags, _ = found.groups()
    return TraceHeader(f"1-{first}-{rest}", parent, sampled=bool(int(flags, 16) & 1))


class Segment(BaseSegment):
    """A recorded piece of work, which is sent when it is closed.

    Attributes:
        document: as X-Ray takes it.
        header: what whoever continues this work is to be given.
    """

    def __init__(self, name: str, cause: TraceHeader, **fields: Any) -> None:  # noqa: ANN401 (X-Ray's own fields)
        """Start the segment.

        Args:
            name: of the work; characters that X-Ray does not take are left out.
            cause: the trace, and what this is a part of.
            fields: further fields of the document.
        """
        identifier = os.urandom(8).hex()
        self.header: TraceHeader | None = TraceHeader(cause.root, identifier, sampled=True)
        self.document: dict[str, Any] = {
            "name": NOT_IN_NAMES.sub("", name)[:200],
            "id": identifier,
            "trace_id": cause.root,
            "parent_id": cause.parent,
            "start_time": time.time(),
            **fields,
        }

    def close(self, end_time: float | None = None) -> None:
        """Send it."""
        self.document["end_time"] = end_time or time.time()
        (_collector.record if _collector else daemon.send)(self.document)

    def put_annotation(self, key: str, value: Any) -> None:  # noqa: ANN401 (as Powertools has it)
        """Add what traces can be found by."""
        self.document.setdefault("annotations", {})[key] = value

    def put_metadata(self, key: str, value: object, namespace: str = "default") -> None:
        """Add what is shown with it."""
        self.document.setdefault("metadata", {}).setdefault(namespace, {})[key] = value

    def put_status(self, status: int) -> None:
        """Add the status of a response, and mark it by that."""
        self.document["http"] = {"response": {"status": status}}
        self.mark(status)

    def mark(self, status: int) -> None:
        """Mark it by the status of a response."""
        if status >= CLIENT_ERROR:
            self.document["fault" if status >= SERVER_ERROR else "error"] = True
        if status == TOO_MANY_REQUESTS:
            self.document["throttle"] = True

    def put_failure(self, name: str, *, is_fault: bool = True) -> None:
        """Mark it as failed, by the name of the error alone."""
        self.document["fault" if is_fault else "error"] = True
        self.document["cause"] = {"exceptions": [{"id": os.urandom(8).hex(), "type": name}]}

    def add_exception(self, exception: BaseException, stack: Sequence[object] = (), remote: bool = False) -> None:  # noqa: ARG002 (as Powertools has it)
        """Mark it as failed. The text stays out, because it may quote what a user sent."""
        self.put_failure(type(exception).__name__)

    def add_subsegment(self, subsegment: Any) -> None:  # noqa: ANN401 (as Powertools has it)
        """Do nothing: each names its parent, and is sent by itself."""

    def remove_subsegment(self, subsegment: Any) -> None:  # noqa: ANN401 (as Powertools has it)
        """Do nothing, as above."""


class _Unrecorded(Segment):
    """Stands for work that is not recorded; keeps the header, so that what follows is not recorded either."""

    def __init__(self, header: TraceHeader | None = None) -> None:
        self.header = header
        self.document = {}

    def close(self, end_time: float | None = None) -> None:
        """Send nothing."""


_current: ContextVar[Segment | None] = ContextVar("segment", default=None)
"""The innermost piece of work of this thread."""


class SegmentProvider(BaseProvider):
    """Records subsegments, and sends each as it is closed."""

    @contextmanager
    def in_subsegment(self, name: str | None = None, **fields: Any) -> Generator[Segment]:  # noqa: ANN401 (as Powertools has it)
        """Record a part of what this thread does."""
        cause = _cause()
        if cause is None or not cause.sampled:
            yield _Unrecorded()
            return
        with _recorded(Segment(name or SERVICE, cause, type="subsegment", **fields)) as segment:
            yield segment

    @asynccontextmanager
    async def in_subsegment_async(self, name: str | None = None, **fields: Any) -> AsyncGenerator[Segment]:  # noqa: ANN401 (as Powertools has it)
        """Record a part of what this task does."""
        with self.in_subsegment(name, **fields) as segment:
            yield segment

    def put_annotation(self, key: str, value: Any) -> None:  # noqa: ANN401 (as Powertools has it)
        """Annotate the innermost piece of work."""
        if segment := _current.get():
            segment.put_annotation(key, value)

    def put_metadata(self, key: str, value: object, namespace: str = "default") -> None:
        """Add metadata to the innermost piece of work."""
        if segment := _current.get():
            segment.put_metadata(key, value, namespace)

    def patch(self, modules: Sequence[str]) -> None:
        """Do nothing: what is recorded is recorded where it happens."""

    def patch_all(self) -> None:
        """Do nothing, as above."""


def _collector_of_settings() -> "Collector | None":
    """Return the collector that the settings name. Without one, nothing of OpenTelemetry is imported."""
    if not os.environ.get(variable("otlp_url")):
        return None
    from lamina.observability.otlp import Collector

    return Collector(settings().otlp_url)


_is_disabled = os.environ.get("POWERTOOLS_TRACE_DISABLED", "").lower() in {"1", "true"}
_collector = None if _is_disabled else _collector_of_settings()
enabled = not _is_disabled and (_collector is not None or daemon.ADDRESS in os.environ)
"""Whether there is something to send to; where there is not, nothing here costs anything."""

_provider = SegmentProvider()
# `disabled=True` would import the X-Ray SDK to switch it off.
tracer = Tracer(service=SERVICE, provider=_provider, auto_patch=False, disabled=False)


def header() -> str | None:
    """Return the trace header for whatever follows from what this thread does; None outside of a trace."""
    cause = _cause()
    return str(cause) if cause else None


def annotate(**ids: str) -> None:
    """Add to the innermost piece of work what its trace can be found by."""
    if segment := _current.get():
        for name, value in ids.items():
            segment.put_annotation(name, value)


@contextmanager
def subsegment(name: str, **fields: Any) -> Generator[Segment]:  # noqa: ANN401 (X-Ray's own fields)
    """Record a part of what this thread does."""
    if not enabled:
        yield _Unrecorded()
        return
    with _provider.in_subsegment(name, **fields) as segment:
        yield segment


def begin(caused_by: str | None) -> Segment:
    """Start a segment in the trace of the work that caused it; the caller closes it.

    Args:
        caused_by: the header of what it follows from.
    """
    cause = read_header(caused_by) if enabled and caused_by else None
    if cause is None or not cause.sampled:
        return _Unrecorded(cause)
    return Segment(os.environ.get("AWS_LAMBDA_FUNCTION_NAME", SERVICE), cause, origin="AWS::Lambda::Function")


@contextmanager
def segment(caused_by: str | None) -> Generator[Segment]:
    """Record work that follows from something earlier, in the trace of that; without one, in this invocation's.

    Args:
        caused_by: the header of what it follows from.
    """
    begun = begin(caused_by)
    with subsegment("## event") if begun.header is None else _recorded(begun) as recorded:
        yield recorded


def traced[**P, T](handler: Callable[P, T]) -> Callable[P, T]:
    """Record each invocation of a Lambda handler, with the route and the status of a request.

    The handler also answers the check of a new version (`version_check`).
    """
    handler = checkable(handler)
    if not enabled:
        return handler

    def with_status(event: Any, *rest: Any) -> Any:  # noqa: ANN401 (as Lambda calls it)
        response = handler(event, *rest)  # type: ignore[call-arg]
        if (segment := _current.get()) and isinstance(response, Mapping) and "statusCode" in response:
            segment.put_status(int(response["statusCode"]))
            if "httpMethod" in event:  # which messages of a WebSocket have not
                segment.put_annotation("route", f"{event['httpMethod']} {event['resource']}")
        return response

    with_status.__name__ = getattr(handler, "__name__", "handler")
    recorded = tracer.capture_lambda_handler(with_status, capture_response=False, capture_error=False)
    # The first one goes by Powertools in any case, which then knows that later ones are no cold starts.
    is_cold = True

    @wraps(handler)
    def invoked(*arguments: P.args, **named: P.kwargs) -> T:
        nonlocal is_cold
        with _invocation(*arguments):
            if not is_cold and not is_recorded():
                return handler(*arguments, **named)
            is_cold = False
            return recorded(*arguments, **named)  # type: ignore[no-any-return]  # Powertools leaves it so

    return invoked


@contextmanager
def _invocation(event: Any = None, context: Any = None) -> Generator[None]:  # noqa: ANN401 (as Lambda calls it)
    """With a collector, continue the trace that a request names, and send before Lambda freezes the process."""
    if _collector is None:
        yield
        return
    given = _traceparent(event)
    before = _current.set(_Unrecorded(given) if given else None)
    try:
        yield
    finally:
        _current.reset(before)
        _collector.flush(context.get_remaining_time_in_millis() / 1000)


def _traceparent(event: Any) -> TraceHeader | None:  # noqa: ANN401 (as Lambda calls it)
    headers = (event.get("headers") if isinstance(event, Mapping) else None) or {}
    sent = next((value for name, value in headers.items() if name.lower() == "traceparent"), "")
    return read_traceparent(sent)


def record_call(name: str, started: float, aws: Mapping[str, Any], failure: tuple[str, int] | None = None) -> None:
    """Record a call of AWS that has just ended.

    Args:
        name: of the service.
        started: seconds since the epoch.
        aws: the document's field `aws`.
        failure: the code of the error and the status of the response, where it failed.
    """
    if (cause := _cause()) and cause.sampled:
        segment = Segment(name, cause, type="subsegment", namespace="aws", aws=aws)
        segment.document["start_time"] = started
        if failure:
            code, status = failure
            segment.mark(status)
            segment.put_failure(code, is_fault=status >= SERVER_ERROR)
            if code in THROTTLED:
                segment.document["throttle"] = True
        segment.close()


def is_recorded() -> bool:
    """Whether what this thread does is recorded."""
    cause = _cause()
    return cause is not None and cause.sampled


def _cause() -> TraceHeader | None:
    """Return what the next piece of work of this thread is a part of."""
    if within := _current.get():
        return within.header
    text = os.environ.get(INVOCATION) if enabled else None
    return read_header(text) if text else None


@contextmanager
def _recorded(segment: Segment) -> Generator[Segment]:
    before = _current.set(segment)
    try:
        yield segment
    except BaseException as error:
        segment.add_exception(error)
        raise
    finally:
        _current.reset(before)
        segment.close()
