"""Faults of the local AWS that the console switches on: SES does not respond, the table throttles, KMS is slow.

They concern functions alone; the supervisor and the console get through.
"""

import asyncio
import json
import os
import random
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.services import ses_v2

THROTTLED = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"

type Answer = tuple[int, dict[str, str], bytes]
type Handler = Callable[..., Awaitable[Any]]

faults: dict[str, float] = {"ses_down": 0, "table_throttled_percent": 0, "table_slow_ms": 0, "kms_slow_ms": 0}
"""The switches; 0 is off."""
LIMITS = {"ses_down": 1.0, "table_throttled_percent": 100.0, "table_slow_ms": 5_000.0, "kms_slow_ms": 5_000.0}


def apply() -> None:
    """Add the switches before the services."""
    for service, before in (("ses", _ses), ("dynamodb", _table), ("kms", _kms)):
        app.SERVICE_HANDLERS[service] = _faulty(app.SERVICE_HANDLERS[service], before)
    ses_v2.handle_request = _faulty(ses_v2.handle_request, _ses)  # MiniStack calls version 2 by its path


def set_faults(given: Any) -> dict[str, float]:  # noqa: ANN401  JSON
    """Set the switches that are given, and reset the others.

    Raises:
        ValueError: for an unknown switch, or a value out of range.
    """
    for name, value in dict(given).items():
        if name not in faults:
            raise ValueError(f"{name} is not a fault: choose from {', '.join(faults)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LIMITS[name]:
            raise ValueError(f"{name} must be a number from 0 to {LIMITS[name]:g}")
    for name in faults:
        faults[name] = given.get(name, 0)
    return faults


def _faulty(handle: Handler, before: Callable[[], Awaitable[Answer | None]]) -> Handler:
    async def handled(method: str, path: str, headers: dict[str, str], *more: Any) -> Any:  # noqa: ANN401  as MiniStack has it
        if any(faults.values()) and _is_of_a_function(headers):
            answer = await before()
            if answer is not None:
                return answer
        return await handle(method, path, headers, *more)

    return handled


def _is_of_a_function(headers: dict[str, str]) -> bool:
    """Whether a role signed it: the supervisor has the account's own key."""
    return os.environ["AWS_ACCESS_KEY_ID"] not in headers.get("authorization", "")


async def _ses() -> Answer | None:
    if not faults["ses_down"]:
        return None
    kind = {"Content-Type": "application/json", "x-amzn-ErrorType": "ServiceUnavailable"}
    return 503, kind, json.dumps({"message": "SES is switched off in the console."}).encode()


async def _table() -> Answer | None:
    await asyncio.sleep(faults["table_slow_ms"] / 1000)
    if random.random() * 100 >= faults["table_throttled_percent"]:  # noqa: S311  no secret
        return None
    told = {"__type": THROTTLED, "message": "The table is throttled in the console."}
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(told).encode()


async def _kms() -> Answer | None:
    await asyncio.sleep(faults["kms_slow_ms"] / 1000)
    return None
