"""Counts AWS calls of functions; imported before any client is created, because clients copy the handlers."""

from collections import Counter

from botocore import handlers
from botocore.model import OperationModel

made: Counter[str] = Counter()
"""Number of calls by operation, such as `kms:Sign`."""


def _note(model: OperationModel, **_: object) -> None:
    made[f"{model.service_model.service_name}:{model.name}"] += 1


handlers.BUILTIN_HANDLERS.append(("before-call", _note))
