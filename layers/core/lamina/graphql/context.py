"""What resolvers know of a request."""

from dataclasses import dataclass
from functools import cached_property

from lamina.access.policy import Caller
from lamina.errors import Unauthenticated
from lamina.events.request_context import RequestContext
from lamina.graphql.loaders import Loaders


@dataclass(frozen=True)
class Context:
    """A request.

    Attributes:
        reader: the caller; None if nobody is signed in.
        request_context: the context that is recorded with changes.
    """

    reader: Caller | None
    request_context: RequestContext

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
