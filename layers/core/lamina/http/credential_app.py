"""Endpoints whose callers authenticate with a credential in the body or in a header of the endpoint's own.

The authorizer does not run for them, so they count requests themselves: an authenticated request counts for its account
or client, so that clients behind one busy IP address do not block each other; any other counts for its IP address.
"""

from typing import TYPE_CHECKING, Any

from lamina.http.app import App
from lamina.http.request import Request
from lamina.limits import rules
from lamina.limits.quota import RateLimited

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Response


class CredentialApp(App):
    """An endpoint that verifies a credential itself and counts its own requests."""

    def __init__(self, **declared: Any) -> None:  # noqa: ANN401 (as `App` takes them)
        """Create an endpoint; arguments are those of `App`."""
        super().__init__(public=True, **declared)

    def count(self, subject: str) -> None:
        """Count the request for the account or client that has authenticated. Call it before any token is spent.

        Raises:
            RateLimited: if the account or client has sent too many requests.
        """
        if not self.incoming.is_counted:
            self.incoming.is_counted = True
            self.incoming.quota = rules.count([(rules.CALLER, subject)])

    def refuse(self, error: Exception, request: Request) -> "Response[Any]":
        """Return the response to an error. The request counts for the IP address if nobody has authenticated before."""
        if not request.is_counted:
            request.is_counted = True
            try:
                request.quota = rules.count(rules.by_address(rules.ANONYMOUS, request.source_ip))
            except RateLimited as refused:
                error = refused
        return self.error_response(error, request)

    def error_response(self, error: Exception, request: Request) -> "Response[Any]":
        """Return an error response in the envelope."""
        return super().refuse(error, request)
