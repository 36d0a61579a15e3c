"""What the deployment tells the code: one typed model, read once from the environment at init."""

import os
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Settings(BaseModel):
    """Values that `template.yaml` sets for every function, as `LAMINA_<FIELD>` environment variables."""

    model_config = ConfigDict(frozen=True)

    table: str = Field(min_length=3)
    """Name of the single DynamoDB table."""
    table_transport: Literal["direct", "botocore"] = "direct"
    """How calls reach the table: by `lamina.storage.transport`, or by botocore's client."""
    public_url: str = Field(pattern=r"^https?://[^/?#]+(/[^?#]*[^/?#])?$")
    """Where clients reach the API, without a slash at the end: the token issuer and the root of every link."""
    allowed_origins: str = ""
    """Origins that browsers may call from, separated by commas."""
    signing_keys: str = Field(min_length=1)
    """Ids of the KMS keys that may have signed a token, separated by commas; the first signs new ones."""
    cursor_secret: str = Field(min_length=1)
    """Secrets Manager id of the secret that authenticates list cursors."""
    secrets_key: str = Field(min_length=1)
    """Id of the KMS key that encrypts secrets which must be read back (TOTP)."""
    bus: str = ""
    """Name of the EventBridge bus; only the publisher knows it."""
    files: str = ""
    """Name of the bucket of uploads, reports and avatars; only functions that touch files know it."""
    media_url: str = ""
    """Where browsers find avatars, without a slash at the end; only the consumer that makes them knows it."""
    mail_from: str = ""
    """The address that mails come from; only the consumer that sends them knows it."""
    app_url: str = ""
    """Where the pages are that mailed links lead to, without a slash at the end; by default the API itself."""
    activity_days: int = Field(default=365, ge=1, le=731)
    """How long the activities of users are kept. A page of them may take a query for each month."""
    deliveries: str = ""
    """URL of the queue of webhook deliveries; only what fills it knows it."""
    webhook_targets: Literal["public", "local"] = "public"
    """Where webhooks may go: public addresses by HTTPS, or, on a laptop, the laptop itself too, even without TLS."""
    audience: str = "lamina"
    """The `aud` of access tokens (RFC 7519 section 4.1.3)."""
    authorizer_cache_seconds: float = Field(default=30, ge=0, le=300)
    """How long the authorizer may trust a session that it has checked, for requests that change nothing."""
    recent_authentication_seconds: int = Field(default=600, ge=1)
    """How long after a sign-in or reauthentication a session may do what requires a recent one."""
    anonymous_limit: int = Field(default=100, ge=1)
    """Requests of one address without a good credential, in 15 minutes; of IPv6 a /64, with more for /56 and /48."""
    caller_limit: int = Field(default=1000, ge=1)
    """Requests of one account or OAuth client, in 15 minutes."""
    failures_here: int = Field(default=5, ge=1)
    """Failed sign-ins for one account from one address, in 15 minutes."""
    failures_of_address: int = Field(default=50, ge=1)
    """Failed sign-ins from one address, in 15 minutes."""
    failures_of_account: int = Field(default=50, ge=1)
    """Failed sign-ins for one account from everywhere, in 15 minutes."""
    mails_of_account: int = Field(default=5, ge=1)
    """Mails of each kind (verification, reset, link to sign in) to one account, in 15 minutes."""
    session_days: int = Field(default=90, ge=1)
    """How long a session lasts at most, however often its tokens are refreshed."""
    refresh_repeat_seconds: int = Field(default=10, ge=0, le=60)
    """How long the refresh token that was used last may be used again: a lost answer, or two tabs at once."""
    purge_after_days: int = Field(default=30, ge=1)
    """How long a deleted user can be restored; then it goes for good."""
    unverified_days: int = Field(default=7, ge=1)
    """How long an account that registered itself may leave its address unverified."""

    @property
    def base_path(self) -> str:
        """Path part of the public URL, `""` or `/stage`: what goes before `/v1` in links."""
        return urlsplit(self.public_url).path

    @property
    def origins(self) -> frozenset[str]:
        """The allowed origins, one by one."""
        return frozenset(filter(None, (origin.strip() for origin in self.allowed_origins.split(","))))

    @property
    def signing_key_ids(self) -> tuple[str, ...]:
        """The signing key ids, newest first."""
        return tuple(key.strip() for key in self.signing_keys.split(","))


class SettingsError(RuntimeError):
    """The environment lacks a setting or holds a bad one; the message names each variable."""


@cache
def settings() -> Settings:
    """Read the settings of this process.

    Raises:
        SettingsError: naming each environment variable that is missing or wrong.
    """
    values = {name: os.environ[variable(name)] for name in Settings.model_fields if variable(name) in os.environ}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = (f"{variable(str(problem['loc'][0]))}: {problem['msg']}" for problem in error.errors())
        raise SettingsError("; ".join(problems)) from None


def variable(field: str) -> str:
    """Name of the environment variable that holds a field."""
    return f"LAMINA_{field.upper()}"
