"""Request validation: authentication, strict query parameters and JSON, then Powertools' signature validation."""

from collections.abc import Collection, Mapping
from email.message import Message
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler.middlewares.openapi_validation import OpenAPIRequestValidationMiddleware

from lamina.errors import Invalid, Problem
from lamina.http.errors import UnsupportedMediaType
from lamina.http.request import Request
from lamina.strict_json import REPLACEMENT, is_unicode

if TYPE_CHECKING:
    from lamina.http.app import App
from lamina.validation_errors import MAX_PROBLEMS, problem

METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
"""Bodies of other methods have no meaning and are ignored (RFC 9110 sections 9.3.1 and 9.3.5)."""
_UTF_8 = ("utf-8", "utf8")


class RequestValidation(OpenAPIRequestValidationMiddleware):
    """Powertools' request validation, preceded by the checks of this API."""

    def __init__(self) -> None:
        """Create the middleware; the base class needs no preparation."""

    def handler(self, app: "App", next_middleware: Any) -> Any:  # type: ignore[override]  # noqa: ANN401 (only our apps have it)
        """Refuse a request that exceeds its rate limit, is unauthenticated or does not match the signature."""
        request, route = app.incoming, app.endpoint
        request.check_quota()
        if not app.public or (app.personal and request.has_credential):
            _ = request.caller
        if route is None or app.context["_route"] is not route:
            return next_middleware(app)
        check_query(request, [field.alias for field in route.dependant.query_params])
        app.check_body(request, expected=bool(route.dependant.body_params))
        return super().handler(app, next_middleware)

    def _get_body(self, app: "App") -> Any:  # type: ignore[override]  # noqa: ANN401 (any JSON)
        return app.incoming.document


def check_query(request: Request, known: Collection[str]) -> None:
    """Refuse unknown parameters, repeated parameters and values that are not valid text.

    Raises:
        Invalid: with a problem for each invalid parameter.
    """
    problems = []
    for name, values in request.query.items():
        if not all(map(_is_text, (name, *values))):
            problems.append(problem(name if _is_text(name) else "query", "contains invalid characters"))
        elif name not in known:
            allowed = f"supported: {', '.join(sorted(known))}" if known else "none is supported"
            problems.append(problem(name, f"is not a query parameter of this endpoint; {allowed}"))
        elif len(values) > 1:
            problems.append(problem(name, "must not be repeated"))
    if problems:
        raise Invalid(details=problems[:MAX_PROBLEMS])


def check_body(request: Request, media_types: Collection[str], *, expected: bool) -> None:
    """Refuse a body that is not a JSON object in UTF-8, or that is not expected. An empty object counts as no body.

    Raises:
        UnsupportedMediaType: for an unsupported media type or content coding, such as gzip.
        MalformedJson: if the body is not valid JSON.
        Invalid: if the body is missing, not expected, or not an object.
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
        raise _refused("must be empty for this endpoint")


def check_media_type(headers: Mapping[str, str], media_types: Collection[str]) -> None:
    """Refuse a body with an unsupported media type, a charset other than UTF-8, or a content coding such as gzip.

    Empty and unknown parameters of the media type are ignored (RFC 9110 section 5.6.6, RFC 8259 section 11).

    Raises:
        UnsupportedMediaType: with a message that names the supported types.
    """
    sent = Message()
    sent["Content-Type"] = headers.get("content-type", "")
    charsets = {str(value).lower() for name, value in sent.get_params([]) if name.lower() == "charset"}
    codings = {coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")}
    is_taken = sent.get_content_type() in media_types and charsets.issubset(_UTF_8) and codings <= {"identity", ""}
    if not is_taken:
        raise UnsupportedMediaType(f"Send the body in UTF-8 as one of: {', '.join(media_types)}.")


def _is_text(text: str) -> bool:
    return is_unicode(text) and not any(char < " " or char in ("\x7f", REPLACEMENT) for char in text)


def _refused(advice: str) -> Invalid:
    return Invalid(f"The body {advice}.", details=[Problem("body", advice)])
