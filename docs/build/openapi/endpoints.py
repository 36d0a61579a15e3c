"""The endpoints, as the handlers declare them."""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from types import ModuleType

from aws_lambda_powertools.event_handler.api_gateway import Route

from docs.build import ROOT, Refused
from lamina import errors
from lamina.errors import LaminaError
from lamina.http import App
from lamina.http.errors import PayloadTooLarge, TokenExpired, UnsupportedMediaType
from lamina.http.graphql_app import GraphqlApp
from lamina.http.idempotency import InProgress, idempotent_only
from lamina.http.oauth_app import OAuthApp
from lamina.http.request_validation import METHODS_WITH_BODY
from lamina.http.responses import EnvelopeMissing
from lamina.limits.quota import RateLimited
from lamina.storage.run_once import KeyReused
from lamina.strict_json import MalformedJson


class Form(StrEnum):
    """A format of errors; begins the names of its responses."""

    ENVELOPE = ""
    OAUTH = "OAuth"
    GRAPHQL = "Graphql"


CONDITIONAL_WRITES = ("PUT", "PATCH", "DELETE")
type ErrorClass = type[LaminaError]


@dataclass(frozen=True)
class Endpoint:
    """One route of one handler.

    Attributes:
        folder: of the handler: the resource.
        file: of the handler: what it does to the resource.
        app: the handler's app.
        route: of the app.
    """

    folder: str
    file: str
    app: App
    route: Route

    @property
    def method(self) -> str:
        """Its method, in capitals."""
        return self.route.method

    @property
    def path(self) -> str:
        """Its path, as OpenAPI writes it."""
        return self.route.openapi_path

    @property
    def status(self) -> HTTPStatus:
        """Its status when all is well."""
        return HTTPStatus(self.route.status_code)

    @property
    def description(self) -> str:
        """The docstring of its function, each paragraph on one line."""
        return " ".join((inspect.getdoc(self.route.func) or "").split())

    @property
    def idempotent(self) -> bool:
        """Whether it knows idempotency keys."""
        return bool(self.route.middlewares)

    @property
    def needs_key(self) -> bool:
        """Whether it refuses requests without an idempotency key."""
        return idempotent_only in self.route.middlewares

    @property
    def oauth(self) -> OAuthApp | None:
        """Its app, if it speaks the forms of OAuth."""
        return self.app if isinstance(self.app, OAuthApp) else None

    @property
    def form(self) -> Form:
        """The format of its errors."""
        if isinstance(self.app, GraphqlApp):
            return Form.GRAPHQL
        return Form.OAUTH if self.oauth else Form.ENVELOPE

    @property
    def has_body(self) -> bool:
        """Whether it reads a body."""
        return bool(self.route.dependant.body_params)

    def raises(self) -> list[ErrorClass]:
        """Return every error of the endpoint once: its own, and those implied by its options."""
        return list(dict.fromkeys(self._raises()))

    def _raises(self) -> Iterator[ErrorClass]:
        yield errors.Invalid
        if self.has_body:
            yield MalformedJson
        if not self.app.public or self.app.personal:
            yield from (errors.Unauthenticated, TokenExpired)
        yield from self.app.errors
        if self.app.versioned and self.method in CONDITIONAL_WRITES:
            yield errors.PreconditionFailed
        if self.method in METHODS_WITH_BODY:
            yield from (PayloadTooLarge, UnsupportedMediaType)
        if self.idempotent:
            yield from (InProgress, KeyReused)
        yield from (RateLimited, LaminaError, errors.Unavailable)


def modules() -> Iterator[tuple[str, str, ModuleType]]:
    """Import every file of `functions/`, with its folder and its name."""
    for path in sorted((ROOT / "functions").glob("*/*.py")):
        folder, file = path.parent.name, path.stem
        try:
            yield folder, file, importlib.import_module(f"functions.{folder}.{file}")
        except EnvelopeMissing as error:
            raise Refused(str(error)) from error


def endpoints() -> Iterator[Endpoint]:
    """Yield the route of every handler that has one."""
    for folder, file, module in modules():
        app = getattr(module, "app", None)
        if isinstance(app, App) and app.endpoint:
            yield Endpoint(folder, file, app, app.endpoint)
