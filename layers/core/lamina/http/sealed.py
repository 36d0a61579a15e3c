"""`Idempotency-Key` where the answer tells a secret that is kept nowhere else: the kept answer is encrypted."""

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.idempotency.serialization.base import BaseIdempotencySerializer
from aws_lambda_powertools.utilities.typing import LambdaContext

from lamina.http.answers import Answer
from lamina.http.idempotency import idempotent
from lamina.http.request import Request
from lamina.http.response import as_json
from lamina.storage.sealing import seal, unseal


class _Sealed(BaseIdempotencySerializer):
    """Keeps an answer for one request, named by its fingerprint, and for no other."""

    def __init__(self, fingerprint: str) -> None:
        self._context = {"answer_to": fingerprint}

    def to_dict(self, data: Any) -> dict[str, str]:  # noqa: ANN401 (the signature is Powertools')
        return {"sealed": seal(as_json(data), self._context)}

    def from_dict(self, data: dict[str, str]) -> Answer:
        answer: Answer = json.loads(unseal(data["sealed"], self._context))
        return answer


def idempotent_secret(request: Request, context: LambdaContext, endpoint: Callable[[], Answer]) -> Answer:
    """Run an endpoint once for each idempotency key, as `idempotent`; what it keeps of the answer nobody can read."""
    return idempotent(request, context, endpoint, keep=_Sealed)
