"""Endpoints that a caller proves itself to with a credential in the body or in a header of their own.

The authorizer does not run for them and cannot count for them: whose request it is shows only here. A good credential
counts for its account or client, so that one busy network stops nobody who is known; all else counts for the address.
"""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from lamina.http.app import App
from lamina.http.request import Request
from lamina.limits import rules
from lamina.limits.quota import RateLimited


class CredentialApp(App):
    """An endpoint that checks a credential itself and counts its own requests."""

    def __init__(self, **declared: Any) -> None:  # noqa: ANN401 (as `App` takes them)
        """Prepare an endpoint, as `App` does."""
        super().__init__(public=True, **declared)

    def count(self, subject: str) -> None:
        """Count the request for the account or client whose credential is proven. Call it before anything is spent.

        Raises:
            RateLimited: when it has sent too many.
        """
        if not self.incoming.is_counted:
            self.incoming.is_counted = True
            self.incoming.quota = rules.count([(rules.CALLER, subject)])

    def refuse(self, error: Exception, request: Request) -> Response[Any]:
        """Turn a failure into an answer, and count it for the address if no credential was proven before it."""
        if not request.is_counted:
            request.is_counted = True
            try:
                request.quota = rules.count(rules.by_address(rules.ANONYMOUS, request.source_ip))
            except RateLimited as refused:
                error = refused
        return self.error_response(error, request)

    def error_response(self, error: Exception, request: Request) -> Response[Any]:
        """Write a failure in the envelope."""
        return super().refuse(error, request)
