"""The request and its caller, read from an API Gateway event."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from lamina import strict_json
from lamina.access.policy import Caller, Credential, Role
from lamina.errors import Unauthenticated, Unavailable
from lamina.events.request_context import RequestContext
from lamina.http.errors import CredentialRefused, PayloadTooLarge, TokenExpired
from lamina.http.headers import correlation_id
from lamina.limits.quota import Quota, RateLimited
from lamina.settings import settings

CREDENTIALS = ("authorization", "x-api-key")
"""Headers that carry credentials."""
MAX_BODY_BYTES = 1024 * 1024
"""Before JSON escaping and after base64 decoding. Even fully escaped, such a body stays close to Lambda's limit of 6 MB
per event (Lambda developer guide, "Lambda quotas")."""


class Request:
    """One REST API proxy event (Lambda developer guide, "Input format of a Lambda function for proxy integration")."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        """Create a request from an event of API Gateway."""
        self.event = event
        self.method: str = event["httpMethod"]
        self.idempotent_name = ""
        """Name of the request across retries if it has an idempotency key; becomes `RequestContext.request`."""
        self.is_counted = False
        """Whether the endpoint itself has counted the request, where the authorizer does not."""

    @cached_property
    def path(self) -> str:
        """The path from `/v1` on, without the base path of a custom domain (it never contains a stage)."""
        path: str = self.event["path"]
        base = settings().base_path
        return path.removeprefix(base) if base and path.startswith(f"{base}/") else path

    @cached_property
    def headers(self) -> dict[str, str]:
        """Headers by lower-case name; values of repeated headers are joined by commas (RFC 9110 section 5.3).

        Bytes that are not UTF-8 are replaced, so that a value can be stored and compared.
        """
        multiple = self.event.get("multiValueHeaders") or {}
        single = {name: [value] for name, value in (self.event.get("headers") or {}).items()}
        joined = {name.lower(): ", ".join(values) for name, values in {**single, **multiple}.items()}
        return {name: value.encode(errors="surrogatepass").decode(errors="replace") for name, value in joined.items()}

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Query parameters, decoded; a list of values for each name."""
        return {
            name: list(values) for name, values in (self.event.get("multiValueQueryStringParameters") or {}).items()
        }

    @cached_property
    def text(self) -> str:
        """The body; `""` if there is none.

        Raises:
            PayloadTooLarge: if it exceeds 1 MB.
            MalformedJson: if it is not UTF-8.
        """
        raw: str = self.event.get("body") or ""
        encoded = self.event.get("isBase64Encoded")
        try:
            content = b64decode(raw, validate=True) if encoded else raw.encode(errors="surrogatepass")
            if len(content) > MAX_BODY_BYTES:
                raise PayloadTooLarge
            text = content.decode() if encoded else raw
        except (UnicodeDecodeError, binascii.Error):
            raise strict_json.MalformedJson from None
        if strict_json.REPLACEMENT in text:
            raise strict_json.MalformedJson
        return text

    @cached_property
    def document(self) -> strict_json.Json:
        """The body as JSON.

        Raises:
            MalformedJson: see `lamina.strict_json.parse`.
        """
        return strict_json.parse(self.text)

    @cached_property
    def request_id(self) -> str:
        """The request id of API Gateway."""
        return str(self.event["requestContext"].get("requestId", ""))

    @cached_property
    def source_ip(self) -> str:
        """The IP address that API Gateway saw; never taken from a header."""
        return str(self.event["requestContext"]["identity"]["sourceIp"])

    @cached_property
    def correlation_id(self) -> str:
        """The correlation id, which is passed on to everything that this request causes."""
        return correlation_id(self.headers)

    @cached_property
    def claims(self) -> Mapping[str, str]:
        """The context that the authorizer returned; empty on a public endpoint."""
        return self.event["requestContext"].get("authorizer") or {}

    @property
    def has_credential(self) -> bool:
        """Whether it has a credential, valid or not."""
        return any(name in self.headers for name in CREDENTIALS)

    @cached_property
    def caller(self) -> Caller:
        """The authenticated caller.

        Raises:
            Unauthenticated: if the request has no credential.
            CredentialRefused: if the credential is invalid.
            TokenExpired: if the access token has expired.
            Unavailable: if the authorizer could not check the credential.
        """
        claims = self.claims
        if "user_id" in claims:
            scopes = frozenset(claims["scope"].split())
            credential = Credential(claims.get("credential", Credential.SESSION))
            return Caller(
                claims["user_id"],
                Role(claims["role"]),
                claims["session_id"],
                scopes,
                credential,
                authenticated_at=int(claims.get("authenticated_at") or 0),
                session_epoch=int(claims.get("session_epoch", 0)),
                credential_epoch=int(claims.get("credential_epoch", 0)),
                email_verified=claims.get("email_verified") == "true",
            )
        problem = claims.get("problem")
        for known in (TokenExpired, Unavailable):
            if problem == known.code:
                raise known
        raise CredentialRefused if self.has_credential else Unauthenticated

    @property
    def request_context(self) -> RequestContext:
        """The context of this request that is recorded with the changes it makes."""
        return RequestContext(self.claims.get("user_id"), self.correlation_id, self.idempotent_name)

    @cached_property
    def quota(self) -> Quota | None:
        """The remaining quota, as counted by the authorizer or the endpoint; None if the request is not counted."""
        counted = self.claims.get("quota", "").split()
        return Quota(*map(int, counted)) if counted else None

    def check_quota(self) -> None:
        """Refuse the request if it exceeds the rate limit.

        Raises:
            RateLimited: if the authorizer found the window full.
        """
        if self.claims.get("problem") == RateLimited.code and self.quota is not None:
            raise RateLimited(self.quota)
