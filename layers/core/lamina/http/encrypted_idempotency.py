"""`Idempotency-Key` where the answer tells a secret that is kept nowhere else: the kept answer is without it.

The work has left the secret encrypted in its own transaction (`lamina.storage.one_time_secrets`); a replay puts it
back.
"""

import json
from collections.abc import Callable
from functools import partial

from aws_lambda_powertools.utilities.idempotency.serialization.base import BaseIdempotencySerializer
from aws_lambda_powertools.utilities.typing import LambdaContext

from lamina.http.idempotency import idempotent
from lamina.http.request import Request
from lamina.http.resolver import Around
from lamina.http.responses import LambdaResponse
from lamina.storage import one_time_secrets

_GAP = "\x00"
"""Stands where the secret was: no answer holds it, because JSON escapes it."""


class _WithoutSecret(BaseIdempotencySerializer):
    """Keeps an answer to one request, without what this field of its data holds."""

    def __init__(self, field: str, request: str) -> None:
        self._field = field
        self._request = request

    def to_dict(self, data: LambdaResponse) -> LambdaResponse:
        secret = json.loads(data["body"])["data"][self._field]
        return data | {"body": data["body"].replace(secret, _GAP)}

    def from_dict(self, data: LambdaResponse) -> LambdaResponse:
        return data | {"body": data["body"].replace(_GAP, one_time_secrets.secret_of(self._request))}


def idempotent_secret(field: str) -> Around:
    """Run an endpoint once for each idempotency key, as `idempotent`, where a field of the answer is told once."""

    def around(request: Request, context: LambdaContext, endpoint: Callable[[], LambdaResponse]) -> LambdaResponse:
        return idempotent(request, context, endpoint, keep=partial(_WithoutSecret, field))

    return around
