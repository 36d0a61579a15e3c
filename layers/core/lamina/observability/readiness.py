"""Readiness: checks the dependencies of requests."""

import time
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


FRESH_SECONDS = 5
"""How long a process caches the result, so that many probes cost one call per service."""

DEPENDENCIES: dict[str, Callable[[], object]] = {"table": _table, "signing_key": _signing_key, "secrets": _secret}


_found: tuple[float, tuple[str, ...]] = (-FRESH_SECONDS, ())
"""When the dependencies were checked last, and which of them did not respond."""


def check() -> list[str]:
    """Return the names of the dependencies; each has responded within the last five seconds.

    Raises:
        Unavailable: if dependencies do not respond; `details` names them.
    """
    global _found  # noqa: PLW0603 (what the process remembers)
    now = time.monotonic()
    if now - _found[0] >= FRESH_SECONDS:
        _found = (now, tuple(name for name, ask in DEPENDENCIES.items() if not _answers(ask)))
    if down := _found[1]:
        raise Unavailable(
            "A dependency does not respond.", details=[Problem(name, "does not respond") for name in down]
        )
    return list(DEPENDENCIES)


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (BotoCoreError, ClientError):
        return False
    return True
