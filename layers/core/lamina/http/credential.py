"""Endpoints that a caller proves itself to with a credential in the body or in a header of their own.

The authorizer does not run for them and cannot count for them: whose request it is shows only here. A good credential
counts for its account or client, so that one busy network stops nobody who is known; all else counts for the address.
"""

from typing import Any

from lamina.http.request import Request
from lamina.http.resolver import Resolver
from lamina.http.responses import LambdaResponse
from lamina.limits import rules
from lamina.limits.quota import RateLimited


class CredentialResolver(Resolver):
    """The resolver of an endpoint that checks a credential itself and counts its own requests."""

    def __init__(self, **declared: Any) -> None:  # noqa: ANN401 (as `Resolver` takes them)
        """Prepare an endpoint, as `Resolver` does."""
        super().__init__(public=True, **declared)

    def count(self, subject: str) -> None:
        """Count the request for the account or client whose credential is proven. Call it before anything is spent.

        Raises:
            RateLimited: when it has sent too many.
        """
        if not self.incoming.is_counted:
            self.incoming.is_counted = True
            self.incoming.quota = rules.count([(rules.CALLER, subject)])

    def refuse(self, error: Exception, request: Request) -> LambdaResponse:
        """Turn a failure into an answer, and count it for the address if no credential was proven before it."""
        if not request.is_counted:
            request.is_counted = True
            try:
                request.quota = rules.count(rules.by_address(rules.ANONYMOUS, request.source_ip))
            except RateLimited as refused:
                error = refused
        return self.write_failure(error, request)

    def write_failure(self, error: Exception, request: Request) -> LambdaResponse:
        """Write a failure in the envelope."""
        return super().refuse(error, request)
