"""The endpoints, as the handlers declare them."""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from types import ModuleType

from docs.build import ROOT
from lamina import errors
from lamina.errors import LaminaError
from lamina.http.body import MalformedJson
from lamina.http.errors import PayloadTooLarge, TokenExpired, UnsupportedMediaType
from lamina.http.idempotency import InProgress
from lamina.http.oauth import OAuthResolver
from lamina.http.request_validation import METHODS_WITH_BODY
from lamina.http.resolver import Resolver
from lamina.http.route import Route
from lamina.limits.quota import RateLimited
from lamina.storage.run_once import KeyReused

CONDITIONAL_WRITES = ("PUT", "PATCH", "DELETE")
type ErrorClass = type[LaminaError]


@dataclass(frozen=True)
class Endpoint:
    """One route of one handler.

    Attributes:
        folder: of the handler: the resource.
        file: of the handler: what it does to the resource.
        app: the handler's resolver.
        route: of the resolver.
    """

    folder: str
    file: str
    app: Resolver
    route: Route

    @property
    def method(self) -> str:
        """Its method, in capitals."""
        return self.route.method

    @property
    def path(self) -> str:
        """Its path, as OpenAPI writes it."""
        return self.route.path.replace("<", "{").replace(">", "}")

    @property
    def status(self) -> HTTPStatus:
        """Its status when all is well."""
        return HTTPStatus(self.route.about.get("status_code", HTTPStatus.OK))

    @property
    def description(self) -> str:
        """The docstring of its function, each paragraph on one line."""
        return " ".join((inspect.getdoc(self.route.function) or "").split())

    @property
    def idempotent(self) -> bool:
        """Whether it knows idempotency keys."""
        return self.app.around is not None

    @property
    def oauth(self) -> OAuthResolver | None:
        """Its resolver, if it speaks the forms of OAuth."""
        return self.app if isinstance(self.app, OAuthResolver) else None

    @property
    def has_body(self) -> bool:
        """Whether it reads a body."""
        return self.route.has_body

    def raises(self) -> list[ErrorClass]:
        """Give every error that it may answer, each once: its own, and those that follow from what it is."""
        return list(dict.fromkeys(self._raises()))

    def _raises(self) -> Iterator[ErrorClass]:
        yield errors.Invalid
        if self.has_body:
            yield MalformedJson
        if not self.app.public:
            yield from (errors.Unauthenticated, TokenExpired)
        yield from self.app.raises
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
        yield folder, file, importlib.import_module(f"functions.{folder}.{file}")


def endpoints() -> Iterator[Endpoint]:
    """Give the route of every handler that has one."""
    for folder, file, module in modules():
        app = getattr(module, "app", None)
        if isinstance(app, Resolver) and app.route:
            yield Endpoint(folder, file, app, app.route)
