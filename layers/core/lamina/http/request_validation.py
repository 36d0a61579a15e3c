"""Validation of requests: who calls, strict query parameters and JSON, then Powertools' check against the signature."""

from collections.abc import Collection, Mapping
from email.message import Message
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler.middlewares.openapi_validation import OpenAPIRequestValidationMiddleware

from lamina.errors import Invalid, Problem
from lamina.http.body import REPLACEMENT, is_unicode
from lamina.http.errors import UnsupportedMediaType
from lamina.http.request import Request

if TYPE_CHECKING:
    from lamina.http.app import App
from lamina.http.validation_errors import MAX_PROBLEMS, problem

METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
"""Elsewhere a body has no meaning and is not looked at (RFC 9110 sections 9.3.1 and 9.3.5)."""
_UTF_8 = ("utf-8", "utf8")


class RequestValidation(OpenAPIRequestValidationMiddleware):
    """Powertools' request validation behind what the contract checks first."""

    def __init__(self) -> None:
        """Create the middleware; Powertools' own has nothing to prepare."""

    def handler(self, app: "App", next_middleware: Any) -> Any:  # type: ignore[override]  # noqa: ANN401 (only our apps have it)
        """Refuse a request that is over its limit, unauthenticated, or not as the signature of the endpoint says."""
        request, route = app.incoming, app.endpoint
        request.check_quota()
        if not app.public:
            _ = request.caller
        if route is None or app.context["_route"] is not route:
            return next_middleware(app)
        check_query(request, [field.alias for field in route.dependant.query_params])
        app.check_body(request, expected=bool(route.dependant.body_params))
        return super().handler(app, next_middleware)

    def _get_body(self, app: "App") -> Any:  # type: ignore[override]  # noqa: ANN401 (any JSON)
        return app.incoming.document


def check_query(request: Request, known: Collection[str]) -> None:
    """Refuse parameters that the endpoint does not know, ones sent twice, and values that cannot be text.

    Raises:
        Invalid: naming each.
    """
    problems = []
    for name, values in request.query.items():
        if not all(map(_is_text, (name, *values))):
            problems.append(problem(name if _is_text(name) else "query", "holds characters that cannot be text"))
        elif name not in known:
            allowed = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
            problems.append(problem(name, f"is not a query parameter of this request; {allowed}"))
        elif len(values) > 1:
            problems.append(problem(name, "is sent more than once; send it once"))
    if problems:
        raise Invalid(details=problems[:MAX_PROBLEMS])


def check_body(request: Request, media_types: Collection[str], *, expected: bool) -> None:
    """Refuse a body that is not a JSON object in UTF-8, and any where none is wanted; `{}` always does for none.

    Raises:
        UnsupportedMediaType: naming the types that the endpoint takes; none in another coding, such as gzip.
        MalformedJson: when it is not JSON.
        Invalid: when it is missing, unwanted, or another kind of value than an object.
    """
    if request.method not in METHODS_WITH_BODY:
        return
    if not request.text:
        if expected:
            raise _refused("is required: send a JSON object")
        return
    check_media_type(request.headers, media_types)
    if not isinstance(request.document, dict):
        raise _refused("must be a JSON object")
    if request.document and not expected:
        raise _refused("is not taken by this request; leave it out")


def check_media_type(headers: Mapping[str, str], media_types: Collection[str]) -> None:
    """Refuse a body of another format, another encoding than UTF-8, or another coding, such as gzip.

    Empty and unknown parameters of the media type mean nothing (RFC 9110 section 5.6.6, RFC 8259 section 11).

    Raises:
        UnsupportedMediaType: naming the types that the endpoint takes.
    """
    sent = Message()
    sent["Content-Type"] = headers.get("content-type", "")
    charsets = {str(value).lower() for name, value in sent.get_params([]) if name.lower() == "charset"}
    codings = {coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")}
    is_taken = sent.get_content_type() in media_types and charsets.issubset(_UTF_8) and codings <= {"identity", ""}
    if not is_taken:
        raise UnsupportedMediaType(f"Send the body as one of: {', '.join(media_types)}; in UTF-8.")


def _is_text(text: str) -> bool:
    return is_unicode(text) and not any(char < " " or char in ("\x7f", REPLACEMENT) for char in text)


def _refused(advice: str) -> Invalid:
    return Invalid(f"The body {advice}.", details=[Problem("body", advice)])
