"""Settings: one typed model, read once from the environment at init."""

import os
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Settings(BaseModel):
    """Settings of every function, set by the templates as `LAMINA_<FIELD>` environment variables."""

    model_config = ConfigDict(frozen=True)

    table: str = Field(min_length=3)
    """Name of the single DynamoDB table."""
    table_transport: Literal["direct", "botocore"] = "direct"
    """The client of the table: `lamina.storage.transport`, or botocore's."""
    public_url: str = Field(pattern=r"^https?://[^/?#]+(/[^?#]*[^/?#])?$")
    """Public URL of the API without a trailing slash: the token issuer and the root of links."""
    allowed_origins: str = ""
    """Allowed browser origins, separated by commas."""
    signing_keys: str = Field(min_length=1)
    """Ids of the KMS keys that may have signed valid tokens, separated by commas; the first signs new ones."""
    cursor_secret: str = Field(min_length=1)
    """Id of the Secrets Manager secret that authenticates list cursors."""
    secrets_key: str = Field(min_length=1)
    """Id of the KMS key that encrypts secrets which must be decrypted again (TOTP)."""
    bus: str = ""
    """Name of the EventBridge bus; set only for the publisher."""
    files: str = ""
    """Name of the bucket of uploads, reports and avatars; set only for functions that use files."""
    media_url: str = ""
    """Public URL of avatars without a trailing slash; set only for the consumer that processes them."""
    mail_from: str = ""
    """Sender address of mails; set only for the consumer that sends them."""
    app_url: str = ""
    """URL of the pages that mailed links lead to, without a trailing slash; by default the API itself."""
    activity_days: int = Field(default=365, ge=1, le=731)
    """Retention period of activities in days. A page of them may need a query per month."""
    saga: str = ""
    """ARN of the state machine of orders; set only for functions that start it."""
    payment_url: str = ""
    """URL of the payment provider's API; set only for functions that call it."""
    payment_secret: str = ""
    """Id of the Secrets Manager secret with the provider's key and signing secret; set with `payment_url`, or alone
    for the endpoint that receives notifications."""
    deliveries: str = ""
    """URL of the queue of webhook deliveries; set only for functions that send to it."""
    push_events: str = ""
    """URL of the queue of events for connections; set only for the function that sends to it."""
    close_sockets: str = ""
    """URL of the queue of connections to be closed; set only for the functions that send to it."""
    webhook_targets: Literal["public", "local"] = "public"
    """Allowed webhook targets: public addresses over HTTPS, or on a laptop also the laptop itself, even without TLS."""
    realtime_url: str = ""
    """URL of the WebSocket API, for clients; set only for the readiness check, which returns it."""
    realtime_endpoint: str = ""
    """URL at which messages are posted to connections of the WebSocket API; set only for functions that do."""
    cache_url: str = Field(default="", pattern=r"^(rediss?://\S+)?$", repr=False)
    """URL of a Valkey or Redis server, `rediss://host:port`, with `user:password@` before the host if it takes them;
    without one, each process has a cache."""
    otlp_url: str = Field(default="", pattern=r"^(https?://[^\s/?#@]+(/[^\s?#]*)?)?$")
    """URL of an OpenTelemetry collector that receives traces (OTLP over HTTP); without one, X-Ray does."""
    audience: str = "lamina"
    """The `aud` of access tokens (RFC 7519 section 4.1.3)."""
    authorizer_cache_seconds: float = Field(default=30, ge=0, le=300)
    """How long the authorizer may cache a valid session for safe requests, in seconds."""
    recent_authentication_seconds: int = Field(default=600, ge=1)
    """How long after a sign-in or reauthentication a session counts as recently authenticated, in seconds."""
    anonymous_limit: int = Field(default=100, ge=1)
    """Unauthenticated requests per IP address in 15 minutes; of IPv6 per /64, with more for /56 and /48."""
    caller_limit: int = Field(default=1000, ge=1)
    """Requests per account or OAuth client in 15 minutes."""
    failures_here: int = Field(default=5, ge=1)
    """Failed sign-ins per account and IP address in 15 minutes."""
    failures_of_address: int = Field(default=50, ge=1)
    """Failed sign-ins per IP address in 15 minutes."""
    failures_of_account: int = Field(default=50, ge=1)
    """Failed sign-ins per account from all addresses in 15 minutes."""
    mails_of_account: int = Field(default=5, ge=1)
    """Mails of each kind (verification, reset, sign-in link) per account in 15 minutes."""
    session_days: int = Field(default=90, ge=1)
    """Maximum lifetime of a session in days, even if its tokens are refreshed."""
    refresh_repeat_seconds: int = Field(default=10, ge=0, le=60)
    """How long the previous refresh token may be repeated, in seconds: after a lost response, or by a second tab."""
    purge_after_days: int = Field(default=30, ge=1)
    """How long a deleted user can be restored before it is purged, in days."""
    unverified_days: int = Field(default=7, ge=1)
    """How long a self-registered account may leave its address unverified, in days."""

    @property
    def base_path(self) -> str:
        """Path of the public URL, `""` or `/stage`: the prefix of `/v1` in links."""
        return urlsplit(self.public_url).path

    @property
    def origins(self) -> frozenset[str]:
        """The allowed origins as a set."""
        return frozenset(filter(None, (origin.strip() for origin in self.allowed_origins.split(","))))

    @property
    def signing_key_ids(self) -> tuple[str, ...]:
        """The signing key ids, newest first."""
        return tuple(key.strip() for key in self.signing_keys.split(","))


class SettingsError(RuntimeError):
    """A setting is missing or invalid; the message names each environment variable."""


@cache
def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: if environment variables are missing or invalid; the message names each.
    """
    values = {name: os.environ[variable(name)] for name in Settings.model_fields if variable(name) in os.environ}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = (f"{variable(str(problem['loc'][0]))}: {problem['msg']}" for problem in error.errors())
        raise SettingsError("; ".join(problems)) from None


def variable(field: str) -> str:
    """Return the name of the environment variable of a field."""
    return f"LAMINA_{field.upper()}"
