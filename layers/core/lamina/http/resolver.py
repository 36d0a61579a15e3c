"""The one resolver: what happens to every request before and after its endpoint.

In this order: who asks, what is refused at the door (`admission`), its input checked against its signature (`route`),
whether the caller may do it (`Resolver.authorize`), what wraps the endpoint (`idempotency`), the envelope of every
failure and the headers of every answer (`answers`), one log line.
"""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Unpack

from lamina.access.policy import Caller
from lamina.errors import LaminaError, NotFound
from lamina.events.request_context import RequestContext
from lamina.http.conditional import entity_tag, version_condition
from lamina.http.envelope import Envelope, ListEnvelope, PageLinks, PageMeta
from lamina.http.request import Request
from lamina.http.request_validation import check_body, check_query
from lamina.http.responses import JSON, LambdaResponse, Response, as_json, failure, finish, success
from lamina.http.route import About, Authorize, Route, Serve
from lamina.observability.logs import about, logger
from lamina.observability.metrics import timed
from lamina.settings import settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

type Around = Callable[[Request, "LambdaContext", Callable[[], LambdaResponse]], LambdaResponse]
"""Something that wraps the endpoint, such as idempotency."""

HEAD_OF_GET = ("HEAD", "GET")
MERGE_PATCH = (JSON, "application/merge-patch+json")
"""What PATCH takes (RFC 7396)."""


class Resolver:
    """The resolver of one endpoint."""

    def __init__(
        self,
        *,
        public: bool = False,
        counted: bool = True,
        versioned: bool = False,
        around: Around | None = None,
        takes: tuple[str, ...] = (JSON,),
        raises: tuple[type[LaminaError], ...] = (),
        sends: tuple[str, ...] = (),
        in_person: bool = False,
    ) -> None:
        """Prepare an endpoint. What it declares here is also what the OpenAPI document says of it.

        Args:
            public: whether it answers without a signed-in caller.
            counted: whether the authorizer runs, and so counts its requests; what is the same for everybody is not.
            versioned: whether what it serves has an `ETag`, to be used with `If-None-Match` and `If-Match`.
            around: wraps each call of the endpoint, and may answer without calling it; unless the endpoint is public,
                `authorize` then comes before its route.
            takes: the media types of bodies that it reads.
            raises: the errors of its own, beside those that follow from the rest, for the document alone.
            sends: headers of its own that its answers may carry, for the document too.
            in_person: whether its policy refuses API keys and OAuth clients, for the document too.
        """
        self.public = public
        self.counted = counted
        self.versioned = versioned
        self.around = around
        self.takes = takes
        self.raises = raises
        self.sends = sends
        self.in_person = in_person
        self.incoming: Request
        self.route: Route | None = None
        self._authorize: Authorize | None = None
        self._elsewhere: Callable[[], Response[Any]] = _nothing_here

    def get(self, path: str, **about: Unpack[About]) -> Callable[[Serve], Serve]:
        """Serve GET of a path by the decorated function; `about` tells the document of it."""
        return self._serve("GET", path, about)

    def post(self, path: str, **about: Unpack[About]) -> Callable[[Serve], Serve]:
        """Serve POST, as `get`."""
        return self._serve("POST", path, about)

    def put(self, path: str, **about: Unpack[About]) -> Callable[[Serve], Serve]:
        """Serve PUT, as `get`."""
        return self._serve("PUT", path, about)

    def patch(self, path: str, **about: Unpack[About]) -> Callable[[Serve], Serve]:
        """Serve PATCH, as `get`."""
        return self._serve("PATCH", path, about)

    def delete(self, path: str, **about: Unpack[About]) -> Callable[[Serve], Serve]:
        """Serve DELETE, as `get`."""
        return self._serve("DELETE", path, about)

    def authorize(self, function: Authorize) -> Authorize:
        """Call the decorated function before each call of the endpoint, and before what wraps it: it raises to refuse.

        It takes those arguments of the endpoint that it names.
        """
        self._authorize = function
        return function

    def not_found(self, function: Serve) -> Serve:
        """Have the decorated function, which takes nothing, answer whatever the route does not."""
        self._elsewhere = function
        return function

    @property
    def caller(self) -> Caller:
        """Who asks; raises `Unauthenticated` if nobody does."""
        return self.incoming.caller

    @property
    def request_context(self) -> RequestContext:
        """What changes made by this request remember of it."""
        return self.incoming.request_context

    def if_version(self, identifier: str) -> Callable[[int], bool]:
        """Give the test that `If-Match` and `If-None-Match` set for the stored version of a thing."""
        return version_condition(identifier, self.incoming.headers)

    def respond[T, L: Mapping[str, object]](
        self,
        data: T,
        *,
        links: L,
        etag: str = "",
        created: bool = False,
        begun: bool = False,
    ) -> Response[Envelope[T, L]]:
        """Compose the envelope of one thing.

        Args:
            data: the thing.
            links: addresses by relation, each from `/v1` on.
            edition: names this state of the thing, for its ETag.
            created: whether it is new: 201, with its address as `Location`.
            begun: whether it is a job that goes on from here: 202, with its address as `Location`.
        """
        full = {name: f"{settings().base_path}{link}" for name, link in links.items()}
        given = {"ETag": entity_tag(etag)} if etag else {}
        if created or begun:
            given["Location"] = full["self"]
        status = HTTPStatus.CREATED if created else HTTPStatus.ACCEPTED if begun else HTTPStatus.OK
        return Response(status, JSON, {"data": data, "links": full}, given)

    def page[T](self, data: list[T], meta: PageMeta, links: PageLinks) -> Response[ListEnvelope[T]]:
        """Compose the envelope of a page of a list."""
        return Response(HTTPStatus.OK, JSON, {"data": data, "meta": meta, "links": links})

    def accepted(self) -> Response[None]:
        """Answer that something will be done, and nothing of what."""
        return Response(HTTPStatus.ACCEPTED, None, None)

    def no_content(self) -> Response[None]:
        """Answer that it is done and there is nothing to say."""
        return Response(HTTPStatus.NO_CONTENT, None, None)

    def handler(self, event: Mapping[str, object], context: "LambdaContext") -> LambdaResponse:
        """Answer one API Gateway event: the Lambda entry point of the endpoint."""
        started = time.perf_counter()
        request = self.incoming = Request(event)
        with about(request_id=request.request_id, correlation_id=request.correlation_id):
            try:
                response = self._run(request, context)
            except Exception as error:  # noqa: BLE001 (the last place where a failure can still become an envelope)
                response = self.refuse(error, request)
            response = finish(response, request, public=self.public)
            # Never the path or the query: they may hold what is personal.
            facts = {
                "method": request.method,
                "route": event.get("resource"),
                "status": response["statusCode"],
                "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                "actor": request.claims.get("user_id"),
                **timed("milliseconds", by=("service", "method", "route")),
            }
            logger.info("request", extra=facts)
        return response

    def admit(self, request: Request, *, wants_body: bool) -> None:
        """Refuse a body that the endpoint cannot read."""
        check_body(request, self.takes, wanted=wants_body)

    def refuse(self, error: Exception, request: Request) -> LambdaResponse:
        """Turn a failure into an answer."""
        return failure(error, request)

    def _serve(self, method: str, path: str, about: About) -> Callable[[Serve], Serve]:
        if self.around and not self.public and not self._authorize:
            raise TypeError(f"{method} {path} may replay an answer: say to whom, in a function under @app.authorize")

        def take(function: Serve) -> Serve:
            self.route = Route(method, path, function, about, self._authorize)
            return function

        return take

    def _has_method(self, method: str) -> bool:
        """Tell whether the route takes a method: its own, and HEAD where anybody may GET (RFC 9110 section 9.3.2)."""
        route = self.route
        return route is not None and (method == route.method or (self.public and (method, route.method) == HEAD_OF_GET))

    def _run(self, request: Request, context: "LambdaContext") -> LambdaResponse:
        request.check_quota()
        if not self.public:
            _ = request.caller
        route = self.route
        in_path = route.match(request.path) if route and self._has_method(request.method) else None
        if route is None or in_path is None:
            return success(self._elsewhere(), as_json)
        check_query(request, route.query)
        self.admit(request, wants_body=route.has_body)
        arguments = route.arguments(request, in_path)
        route.authorize(arguments)

        def serve() -> LambdaResponse:
            return success(route.function(**arguments), route.write)

        return self.around(request, context, serve) if self.around else serve()


def _nothing_here() -> Response[None]:
    raise NotFound
