"""What resolvers know of a request."""

from dataclasses import dataclass, field
from functools import cached_property

from lamina.access.policy import Caller
from lamina.errors import Unauthenticated
from lamina.events.request_context import RequestContext
from lamina.graphql.loaders import Loaders


@dataclass
class Caching:
    """How the response to a query may be cached.

    Attributes:
        is_shared: whether shared caches may keep what everybody can read; resolvers of what changes often reset it.
    """

    is_shared: bool = True


@dataclass(frozen=True)
class Context:
    """A request.

    Attributes:
        reader: the caller; None if nobody is signed in.
        request_context: the context that is recorded with changes.
        caching: how the response may be cached.
    """

    reader: Caller | None
    request_context: RequestContext
    caching: Caching = field(default_factory=Caching)

    @property
    def caller(self) -> Caller:
        """The caller; raises `Unauthenticated` if nobody is signed in."""
        if self.reader is None:
            raise Unauthenticated
        return self.reader

    @cached_property
    def loaders(self) -> Loaders:
        """The loaders of this request; first used within the event loop."""
        return Loaders(self.reader)
