"""Whether everything that requests depend on answers."""

from collections.abc import Callable

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lamina.aws import CALLS
from lamina.errors import Problem, Unavailable
from lamina.settings import settings

_dynamodb = boto3.client("dynamodb", config=CALLS)
_kms = boto3.client("kms", config=CALLS)
_secrets = boto3.client("secretsmanager", config=CALLS)


def _table() -> object:
    key = {"pk": {"S": "READINESS"}, "sk": {"S": "READINESS"}}
    return _dynamodb.get_item(TableName=settings().table, Key=key)


def _signing_key() -> object:
    return _kms.get_public_key(KeyId=settings().signing_key_ids[0])


def _secret() -> object:
    return _secrets.get_secret_value(SecretId=settings().cursor_secret)


DEPENDENCIES: dict[str, Callable[[], object]] = {"table": _table, "signing_key": _signing_key, "secrets": _secret}


def check() -> list[str]:
    """Ask each dependency once, and name them.

    Raises:
        Unavailable: naming those that do not answer.
    """
    down = [name for name, ask in DEPENDENCIES.items() if not _answers(ask)]
    if down:
        raise Unavailable("A dependency does not answer.", details=[Problem(name, "does not answer") for name in down])
    return list(DEPENDENCIES)


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (BotoCoreError, ClientError):
        return False
    return True
