"""Our account at the payment provider: its key, and the secret that signs its notifications."""

from functools import cache
from typing import TYPE_CHECKING, cast

import boto3
from aws_lambda_powertools.utilities.parameters import SecretsProvider

from lamina.aws import CALLS
from lamina.payments.stripe import Stripe
from lamina.settings import settings

if TYPE_CHECKING:
    from lamina.payments.provider import PaymentProvider

SECONDS = 300
"""How long a process keeps the secret: a new key is used after this time."""

_secrets = SecretsProvider(boto3_client=boto3.client("secretsmanager", config=CALLS))


def provider() -> "PaymentProvider":
    """Return the provider of this stack's payments."""
    return _stripe(settings().payment_url, _secret("api_key"))


def webhook_secret() -> str:
    """Return the secret that signs the provider's notifications."""
    return _secret("webhook_secret")


def _secret(name: str) -> str:
    values = cast("dict[str, str]", _secrets.get(settings().payment_secret, max_age=SECONDS, transform="json"))
    return values[name]


@cache
def _stripe(url: str, api_key: str) -> Stripe:
    return Stripe(url, api_key)
