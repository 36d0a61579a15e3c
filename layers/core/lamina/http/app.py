"""`App`: one endpoint on Powertools' event handler, extended by the conventions of this API.

Powertools routes, validates and serializes (`APIGatewayRestResolver`). `App` adds, in this order: authentication,
strict JSON and query parameters (`request_validation`), authorization (`App.authorize`), idempotency (a middleware),
the error envelope and the standard response headers (`responses`), and one log line per request.
"""

import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from inspect import signature
from typing import TYPE_CHECKING, Any, cast

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from lamina.access.policy import Caller
from lamina.errors import LaminaError, NotFound
from lamina.events.request_context import RequestContext
from lamina.http.conditional import entity_tag, version_condition
from lamina.http.envelope import Envelope, ListEnvelope, PageLinks, PageMeta
from lamina.http.headers import SHARED_CACHING
from lamina.http.request import Request
from lamina.http.request_validation import RequestValidation, check_body
from lamina.http.responses import JSON, LambdaResponse, check_returns, failure, finish
from lamina.observability import counts, tracing
from lamina.observability.logs import about, logger
from lamina.observability.metrics import timed
from lamina.settings import settings
from lamina.snapshots import before_snapshot
from lamina.strict_json import as_json
from lamina.validation_errors import invalid

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Route
    from aws_lambda_powertools.utilities.typing import LambdaContext

type Authorize = Callable[..., object]
"""A function that refuses callers who may not use an endpoint."""
type Middleware = Callable[["App", Callable[["App"], Response[Any]]], Response[Any]]
"""A Powertools middleware: receives the app and the next middleware of the chain."""

_NAME = re.compile(r"<(\w+)>")
_SEGMENT = r"(?P<\1>[^/\\x00-\\x1f\\x7f\\ud800-\\udfff\\ufffd]+)"
"""A path parameter: a segment of text."""
_PRIMING = {
    "httpMethod": "GET",
    "path": "/",
    "resource": "/",
    "headers": {},
    "multiValueHeaders": {},
    "multiValueQueryStringParameters": None,
    "requestContext": {"stage": "", "path": "/", "identity": {"sourceIp": "127.0.0.1"}},
    "body": None,
}
MERGE_PATCH = (JSON, "application/merge-patch+json")
"""Media types that PATCH accepts (RFC 7396)."""


class App(APIGatewayRestResolver):
    """One endpoint: a method of a path, and its options."""

    def __init__(
        self,
        *,
        public: bool = False,
        personal: bool = False,
        counted: bool = True,
        versioned: bool = False,
        media_types: tuple[str, ...] = (JSON,),
        errors: tuple[type[LaminaError], ...] = (),
        headers: tuple[str, ...] = (),
        sessions_only: bool = False,
        enveloped: bool = True,
    ) -> None:
        """Create an endpoint. The OpenAPI document is generated from these options too.

        Args:
            public: whether it serves callers who are not signed in.
            personal: whether a public endpoint may respond otherwise to callers who are signed in (`App.reader`).
            counted: whether the authorizer runs and counts its requests; false for endpoints with static responses.
            versioned: whether its resource has an `ETag`, for use with `If-None-Match` and `If-Match`.
            media_types: accepted media types of bodies.
            errors: errors specific to the endpoint, in addition to those implied by the other options; OpenAPI only.
            headers: response headers specific to the endpoint; OpenAPI only.
            sessions_only: whether its policy refuses API keys and OAuth clients; OpenAPI only.
            enveloped: whether it returns the envelope; false for the formats of other standards, such as an RFC's.
        """
        super().__init__(
            enable_validation=True,
            serializer=as_json,
            # A response that does not match its declaration is a bug, not a bad request.
            response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,
        )
        self._request_validation_middleware = RequestValidation()
        self.exception_handler(Exception)(self._failed)
        self.public = public
        self.personal = personal
        self.counted = counted
        self.versioned = versioned
        self.media_types = media_types
        self.errors = errors
        self.headers = headers
        self.sessions_only = sessions_only
        self.enveloped = enveloped
        self.incoming: Request

    @property
    def endpoint(self) -> "Route | None":
        """The route of the endpoint; None for an app that only handles `not_found`."""
        return next(iter(self._static_routes + self._dynamic_routes), None)

    @property
    def caller(self) -> Caller:
        """The caller; raises `Unauthenticated` if nobody is signed in."""
        return self.incoming.caller

    @property
    def reader(self) -> Caller | None:
        """The caller of a public endpoint; None if the request has no credential. Raises as `caller` for a bad one."""
        return self.incoming.caller if self.incoming.has_credential else None

    @property
    def request_context(self) -> RequestContext:
        """The context of this request that is recorded with the changes it makes."""
        return self.incoming.request_context

    def route[F: Callable[..., Any]](self, rule: str, method: Any, *args: Any, **kwargs: Any) -> Callable[[F], F]:  # noqa: ANN401 (as Powertools declares it)
        """Register an endpoint, as Powertools does.

        Raises:
            EnvelopeMissing: when its function does not declare that it returns a `Response` with the envelope.
        """
        register = super().route(rule, method, *args, **kwargs)

        def checked(function: F) -> F:
            check_returns(function, enveloped=self.enveloped)
            return register(function)

        return checked

    def authorize(self, function: Authorize) -> Authorize:
        """Register a function that is called before the endpoint and its middlewares, and raises to refuse the caller.

        It receives the arguments of the endpoint that its own signature names.
        """
        names = tuple(signature(function).parameters)

        def authorize(app: App, next_middleware: Callable[[App], Response[Any]]) -> Response[Any]:
            arguments = app.context["_route_args"]
            function(**{name: arguments[name] for name in names})
            return next_middleware(app)

        self.use([authorize])
        return function

    def if_version(self, identifier: str) -> Callable[[int], bool]:
        """Return the condition that `If-Match` and `If-None-Match` impose on the stored version of a resource."""
        return version_condition(identifier, self.incoming.headers)

    def respond[T, L: Mapping[str, object]](
        self,
        data: T,
        *,
        links: L,
        etag: str = "",
        created: bool = False,
        accepted: bool = False,
        shared: bool = False,
    ) -> Response[Envelope[T, L]]:
        """Return a response with one resource in its envelope.

        Args:
            data: the resource.
            links: by relation, paths below the public URL, or URLs of other hosts.
            etag: entity tag of this version of the resource.
            created: whether the resource is new: 201, with its path as `Location`.
            accepted: whether it is a job that was accepted: 202, with its path as `Location`.
            shared: whether shared caches may keep the response for a minute, as it is the same for everybody.
        """
        base = settings().base_path
        full = {name: f"{base}{link}" if str(link).startswith("/") else str(link) for name, link in links.items()}
        headers = _caching(etag, shared=shared)
        if created or accepted:
            headers["Location"] = full["self"]
        status = HTTPStatus.CREATED if created else HTTPStatus.ACCEPTED if accepted else HTTPStatus.OK
        return Response(int(status), JSON, cast("Any", {"data": data, "links": full}), headers)

    def page[T](
        self, data: list[T], meta: PageMeta, links: PageLinks, *, etag: str = "", shared: bool = False
    ) -> Response[ListEnvelope[T]]:
        """Return a response with a page of a list in its envelope; `etag` and `shared` as in `respond`."""
        content = cast("Any", {"data": data, "meta": meta, "links": links})
        return Response(HTTPStatus.OK.value, JSON, content, _caching(etag, shared=shared))

    def accepted(self) -> Response[None]:
        """Return 202 without a body, for work whose result the response must not reveal."""
        return Response(HTTPStatus.ACCEPTED.value)

    def no_content(self) -> Response[None]:
        """Return 204."""
        return Response(HTTPStatus.NO_CONTENT.value)

    @property
    def handler(self) -> Callable[[Mapping[str, Any], "LambdaContext"], LambdaResponse]:
        """The Lambda entry point of the endpoint: what its module ends with, after everything else is declared."""
        if self.endpoint:
            _ = self.endpoint.dependant  # what validates requests is built now, at init, and not in the first request
        before_snapshot(self._prime)
        return tracing.traced(self._handle)

    def _prime(self) -> None:
        """Process a request that reaches no endpoint and makes no calls."""
        request = self.incoming = Request(_PRIMING)
        request.is_counted = True
        finish(self.resolve(_PRIMING, cast("Any", None)), request, public=self.public and not self.personal)

    def _handle(self, event: Mapping[str, Any], context: "LambdaContext") -> LambdaResponse:
        started = time.perf_counter()
        request = self.incoming = Request(event)
        # HEAD is GET without a body, on public endpoints (RFC 9110 section 9.3.2).
        method = "GET" if self.public and request.method == "HEAD" else request.method
        with about(request_id=request.request_id, correlation_id=request.correlation_id):
            response = self.resolve({**event, "path": request.path, "httpMethod": method}, context)
            response = finish(response, request, public=self.public and not self.personal)
            # Never log the path or the query: they may contain personal data.
            facts = {
                "method": request.method,
                "route": event.get("resource"),
                "status": response["statusCode"],
                "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                "actor": request.claims.get("user_id"),
                **timed("milliseconds", by=("service", "method", "route"), counts=counts.take()),
            }
            logger.info("request", extra=facts)
        return response

    def check_body(self, request: Request, *, expected: bool) -> None:
        """Refuse a body that the endpoint cannot read.

        Args:
            request: the request.
            expected: whether the endpoint reads a body.
        """
        check_body(request, self.media_types, expected=expected)

    def refuse(self, error: Exception, request: Request) -> Response[Any]:
        """Return the response to an error."""
        return failure(error, request)

    def _failed(self, error: Exception) -> Response[Any]:
        if isinstance(error, RequestValidationError):
            error = invalid(error.errors())
        elif isinstance(error, NotFoundError):
            error = NotFound()
        return self.refuse(error, self.incoming)

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = "") -> re.Pattern[str]:  # noqa: ARG004 (as Powertools declares it)
        """Compile a path. A parameter matches any text, so that every malformed id gets the same 404 or 400."""
        return re.compile(_NAME.sub(_SEGMENT, rule) + r"/*\Z")


def _caching(etag: str, *, shared: bool) -> dict[str, Any]:
    """Return the headers of a cacheable response."""
    return ({"ETag": entity_tag(etag)} if etag else {}) | ({"Cache-Control": SHARED_CACHING} if shared else {})
