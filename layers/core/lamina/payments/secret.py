"""The secret of our account at the payment provider: its key, and what signs its notifications."""

from typing import Literal, cast

import boto3
from aws_lambda_powertools.utilities.parameters import SecretsProvider

from lamina.aws import CALLS
from lamina.settings import settings

SECONDS = 300
"""How long a process keeps the secret: a new value is used after this time."""

_secrets = SecretsProvider(boto3_client=boto3.client("secretsmanager", config=CALLS))


def read(name: Literal["api_key", "webhook_secret"]) -> str:
    """Return a part of the secret."""
    values = cast("dict[str, str]", _secrets.get(settings().payment_secret, max_age=SECONDS, transform="json"))
    return values[name]
