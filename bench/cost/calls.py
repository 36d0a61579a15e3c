"""Counts what functions call of AWS; imported before any client is made, for clients keep the handlers they find."""

from collections import Counter

from botocore import handlers
from botocore.model import OperationModel

made: Counter[str] = Counter()
"""How often each operation was called, as `kms:Sign`."""


def _note(model: OperationModel, **_: object) -> None:
    made[f"{model.service_model.service_name}:{model.name}"] += 1


handlers.BUILTIN_HANDLERS.append(("before-call", _note))
