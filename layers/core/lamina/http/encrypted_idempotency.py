"""`Idempotency-Key` for responses that contain a secret which is stored nowhere else: it is removed from the record.

The endpoint stores the secret encrypted in its own transaction (`lamina.storage.one_time_secrets`); a replay inserts it
again.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency.serialization.base import BaseIdempotencySerializer

from lamina.http.app import App, Middleware
from lamina.http.idempotency import Record, run_idempotent
from lamina.storage import one_time_secrets

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Response

_GAP = "\x00"
"""Placeholder for the secret. No response contains it, because JSON escapes it."""


class _WithoutSecret(BaseIdempotencySerializer):
    """Serializes a response without the value of this field of its data."""

    def __init__(self, field: str, request: str) -> None:
        self._field = field
        self._request = request

    def to_dict(self, data: Record) -> Record:
        secret = json.loads(data["body"])["data"][self._field]
        return data | {"body": data["body"].replace(secret, _GAP)}

    def from_dict(self, data: Record) -> Record:
        return data | {"body": data["body"].replace(_GAP, one_time_secrets.secret_of(self._request))}


def idempotent_secret(field: str) -> Middleware:
    """Return a middleware like `idempotent`, for responses with a field that is returned only once."""

    def idempotent_secret(app: App, next_middleware: Callable[[App], "Response[Any]"]) -> "Response[Any]":
        return run_idempotent(app, next_middleware, keep=partial(_WithoutSecret, field))

    return idempotent_secret
