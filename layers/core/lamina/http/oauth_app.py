"""OAuth 2.0 endpoints: form-encoded requests, plain JSON responses, errors as in RFC 6749 section 5.2."""

import base64
import binascii
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from aws_lambda_powertools.event_handler.api_gateway import Response

from lamina.errors import InvalidClient, LaminaError, OAuthError
from lamina.http.credential_app import CredentialApp
from lamina.http.errors import PayloadTooLarge
from lamina.http.request import Request
from lamina.http.request_validation import check_media_type
from lamina.http.responses import JSON, failure
from lamina.known_errors import as_lamina_error
from lamina.strict_json import as_json

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 50
UNSTORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""Responses with tokens must not be cached (RFC 6749 section 5.1)."""
_ANSWERED_AS = {
    "RATE_LIMITED": "temporarily_unavailable",
    "UNAVAILABLE": "temporarily_unavailable",
    "INTERNAL": "server_error",
}
"""OAuth names of other errors; all others are `invalid_request`."""


class OAuthApp(CredentialApp):
    """An OAuth endpoint, called by clients that authenticate with their secret."""

    def __init__(self, *, required: Mapping[str, str], optional: Mapping[str, str] | None = None) -> None:
        """Create an endpoint that reads a form.

        Args:
            required: descriptions of the required parameters, by name.
            optional: descriptions of the optional parameters, by name.
        """
        super().__init__(media_types=(FORM,), errors=(OAuthError, InvalidClient), headers=("Pragma",), enveloped=False)
        self.required = required
        self.optional = optional or {}

    def form(self) -> dict[str, str]:
        """Return the parameters of the form. Parameters without a value are treated as omitted (RFC 6749 section 3.2).

        Raises:
            OAuthError: `invalid_request` if a parameter is repeated or a required one is missing.
        """
        try:
            pairs = parse_qsl(self.incoming.text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError:
            raise OAuthError("The form has too many parameters.") from None
        parameters = dict(pairs)
        if len(parameters) < len(pairs):
            raise OAuthError("Parameters must not be repeated.")
        given = {name: value for name, value in parameters.items() if value}
        if missing := self.required.keys() - given.keys():
            raise OAuthError(f"Send {', '.join(sorted(missing))}.")
        return given

    def credentials(self, form: Mapping[str, str]) -> tuple[str, str]:
        """Return the client's id and secret, from HTTP Basic or from the form (RFC 6749 section 2.3.1).

        Raises:
            InvalidClient: if there are none.
            OAuthError: if the client uses both methods, or names two clients.
        """
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, encoded = self.incoming.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            if not client_id or not secret:
                raise InvalidClient("Send the client id and the client secret by HTTP Basic.")
            return client_id, secret
        proven = _basic(encoded)
        if secret or client_id not in ("", proven[0]):
            raise OAuthError("Send the client id and the client secret either by HTTP Basic or in the form, not both.")
        return proven

    def plain[T](self, content: T) -> Response[T]:
        """Return a response in the format of the RFC, without the envelope."""
        return Response(HTTPStatus.OK.value, JSON, content, dict(UNSTORED))

    def done(self) -> Response[None]:
        """Return an empty 200 response: clients ignore the body (RFC 7009 section 2.2)."""
        return Response(HTTPStatus.OK.value, None, None, dict(UNSTORED))

    def check_body(self, request: Request, *, expected: bool) -> None:  # noqa: ARG002 (a form is always expected)
        """Refuse any body that is not a form."""
        check_media_type(request.headers, self.media_types)

    def error_response(self, error: Exception, request: Request) -> Response[Any]:
        """Return an error response as `{error, error_description}`.

        A body that is too large is reported in the envelope, because API Gateway does the same.
        """
        known = as_lamina_error(error) or LaminaError()
        response = failure(error, request)
        if not isinstance(known, PayloadTooLarge):
            response.body = as_json(as_oauth(known))
        return response


def as_oauth(error: LaminaError) -> dict[str, str]:
    """Write an error as `{error, error_description}`."""
    name = error.code if isinstance(error, OAuthError) else _ANSWERED_AS.get(error.code, "invalid_request")
    return {"error": name, "error_description": error.message}


def _basic(encoded: str) -> tuple[str, str]:
    """Read HTTP Basic (RFC 7617), whose parts OAuth clients encode as in a form (RFC 6749 section 2.3.1)."""
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidClient from None
    if not colon:
        raise InvalidClient
    return unquote_plus(client_id), unquote_plus(secret)
