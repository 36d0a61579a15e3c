"""The one route of an endpoint: where it is, what its function takes of a request, and what it answers.

The function's signature says all of it: parameters that the path names, `body`, and query parameters, which are the
rest. What Pydantic needs to check them is built once, at init. The OpenAPI document is made from the same signature.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter, signature
from typing import Annotated, Any, NotRequired, TypedDict, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from lamina.http.request import Request
from lamina.http.responses import Response
from lamina.http.validation_errors import invalid

type Serve = Callable[..., Response[Any]]
"""The function of an endpoint."""
type Authorize = Callable[..., object]
"""The function that decides whether a caller may use an endpoint."""

BODY = "body"
"""The parameter that takes the body of a request."""
_NAME = re.compile(r"<(\w+)>")
_SEGMENT = r"(?P<\1>[^/\\x00-\\x1f\\x7f\\ud800-\\udfff\\ufffd]+)"
"""A part of a path that is a parameter: text, so that what is none leads nowhere."""


class About(TypedDict, total=False):
    """What the OpenAPI document alone tells of a route."""

    summary: str
    status_code: int
    """When all is well; 200 by default."""
    responses: Mapping[int, Any]
    """Answers that no type describes, by status, as OpenAPI has them."""


class Route:
    """One method of one path, and the function that serves it."""

    def __init__(
        self, method: str, path: str, function: Serve, about: About, authorize: Authorize | None = None
    ) -> None:
        """Read the signature of the function.

        Args:
            method: in capitals.
            path: as `/v1/users/<user_id>`.
            function: serves it.
            about: what else there is to tell of it.
            authorize: decides whether the caller may use it, by those arguments of `function` that it names.
        """
        self.method = method
        self.path = path
        self.function = function
        self.about = about
        self._authorize = authorize
        self._decisive = tuple(signature(authorize).parameters) if authorize else ()
        hints = get_type_hints(function, include_extras=True)
        self._answer = TypeAdapter[Any](get_args(hints.pop("return"))[0])
        self._body = TypeAdapter[Any](hints.pop(BODY)) if BODY in hints else None
        self._pattern = re.compile(_NAME.sub(_SEGMENT, path) + "/*")
        self.query = [_name(hints[name], name) for name in hints if f"<{name}>" not in path]
        """Query parameters, as clients name them."""
        self._parameters = _parameters(function, hints) if hints else None

    @property
    def has_body(self) -> bool:
        """Whether it reads a body."""
        return self._body is not None

    def match(self, path: str) -> dict[str, str] | None:
        """Give the parameters in a path; None for a path that leads elsewhere."""
        found = self._pattern.fullmatch(path)
        return None if found is None else found.groupdict()

    def arguments(self, request: Request, in_path: Mapping[str, str]) -> dict[str, Any]:
        """Check what a request says against the signature.

        Args:
            request: whose query parameters are known to be there once each, and whose body is an object.
            in_path: the parameters that `match` found.

        Raises:
            Invalid: naming each bad field.
        """
        given: dict[str, Any] = {}
        found: list[Mapping[str, Any]] = []
        try:
            if self._parameters:
                sent = {name: values[0] for name, values in request.query.items()}
                given = self._parameters.validate_python({**sent, **in_path})
        except ValidationError as error:
            found += _found(error, "query")
        try:
            if self._body:
                given[BODY] = self._body.validate_python(request.document)
        except ValidationError as error:
            found += _found(error, BODY)
        if found:
            raise invalid(found)
        return given

    def authorize(self, arguments: Mapping[str, Any]) -> None:
        """Let the caller pass, or raise what the endpoint's own decision raises."""
        if self._authorize:
            self._authorize(**{name: arguments[name] for name in self._decisive})

    def write(self, body: object) -> str:
        """Write what the function answers as JSON.

        Raises:
            ValidationError: when it is not what the function declares: a bug.
        """
        return self._answer.dump_json(self._answer.validate_python(body)).decode()


def _parameters(function: Callable[..., object], hints: Mapping[str, Any]) -> TypeAdapter[dict[str, Any]]:
    """Build the check of parameters; those with a default may be left out, and the function has it then."""
    defaults = {name for name, known in signature(function).parameters.items() if known.default is not Parameter.empty}
    fields = {name: NotRequired[hint] if name in defaults else hint for name, hint in hints.items()}
    return TypeAdapter(TypedDict("Parameters", fields))  # type: ignore[operator]  # made of what is only known here


def _name(hint: object, name: str) -> str:
    """Tell how clients name a parameter: by its alias where the function could not, as with `from`."""
    known = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((field.alias for field in known if isinstance(field, FieldInfo) and field.alias), name)


def _found(error: ValidationError, where: str) -> Iterator[dict[str, Any]]:
    for finding in error.errors(include_url=False, include_input=False):
        yield {**finding, "loc": (where, *finding["loc"])}
