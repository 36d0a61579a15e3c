"""`Idempotency-Key` where the answer tells a secret that is kept nowhere else: the kept answer is without it.

The work has left the secret encrypted in its own transaction (`lamina.storage.one_time_secrets`); a replay puts it
back.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response
from aws_lambda_powertools.utilities.idempotency.serialization.base import BaseIdempotencySerializer

from lamina.http.app import App, Middleware
from lamina.http.idempotency import Record, run_idempotent
from lamina.storage import one_time_secrets

_GAP = "\x00"
"""Stands where the secret was: no answer holds it, because JSON escapes it."""


class _WithoutSecret(BaseIdempotencySerializer):
    """Keeps an answer to one request, without what this field of its data holds."""

    def __init__(self, field: str, request: str) -> None:
        self._field = field
        self._request = request

    def to_dict(self, data: Record) -> Record:
        secret = json.loads(data["body"])["data"][self._field]
        return data | {"body": data["body"].replace(secret, _GAP)}

    def from_dict(self, data: Record) -> Record:
        return data | {"body": data["body"].replace(_GAP, one_time_secrets.secret_of(self._request))}


def idempotent_secret(field: str) -> Middleware:
    """Return a middleware that does what `idempotent` does where a field of the response is shown only once."""

    def idempotent_secret(app: App, next_middleware: Callable[[App], Response[Any]]) -> Response[Any]:
        return run_idempotent(app, next_middleware, keep=partial(_WithoutSecret, field))

    return idempotent_secret
