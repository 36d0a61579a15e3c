"""Sliding windows, counted exactly in the table with any number of instances.

A window consists of slots. One item per subject holds the number of requests in each slot and their sum. A conditional
update adds a request to the current slot if the sum is below the limit. When a new slot begins, the item is first
rolled: slots that have left the window are subtracted. Refused requests write nothing.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

from botocore.exceptions import ClientError

from lamina.limits.quota import Quota
from lamina.settings import settings
from lamina.storage.item import connect
from lamina.storage.keys import key

SLOTS = 60
"""Slots per window. The current slot is additional, so the window is up to 1/60 too long, never too short."""
ATTEMPTS = 64
_SLOT = "s"


@dataclass(frozen=True)
class Limit:
    """The number of requests allowed per window and subject.

    Attributes:
        name: distinguishes the windows of one subject.
        requests: number of requests allowed.
        seconds: length of the window.
    """

    name: str
    requests: int
    seconds: int = 900

    @property
    def slot_seconds(self) -> int:
        """Length of a slot in seconds."""
        return max(1, self.seconds // SLOTS)


class LimitReached(Exception):
    """The window is full; `quota` states when to retry."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        super().__init__(f"{quota.limit} requests; {quota.reset} s to wait")


def spend(limit: Limit, subject: str) -> Quota:
    """Count a request of a subject: one write, two if a new slot has begun, none if the window is full.

    Args:
        limit: the limit.
        subject: the subject; only its hash is stored.

    Raises:
        LimitReached: if the window is full; the request is not counted.
    """
    slot = int(time.time()) // limit.slot_seconds
    for _ in range(ATTEMPTS):
        try:
            return _quota(limit, _add(limit, subject, slot), slot)
        except ClientError as error:
            stood = _stood(error)
        now = max(slot, int(stood["slot"]["N"]))
        live = _live(stood, now)
        if sum(live.values()) >= limit.requests:
            raise LimitReached(_quota(limit, stood, now))
        if now > int(stood["slot"]["N"]) and _roll(limit, subject, stood, live, now):
            return _quota(limit, _rolled(live, now), now)
        slot = now
    raise LimitReached(Quota(limit.requests, 0, limit.slot_seconds))


def refund(limit: Limit, subject: str) -> None:
    """Undo the count of the last request, in this slot or in the previous one.

    If it stayed counted when a new slot has begun in between, refused attempts would fill windows.
    """
    slot = int(time.time()) // limit.slot_seconds
    if not _subtract(limit, subject, slot):
        _subtract(limit, subject, slot - 1)


def _subtract(limit: Limit, subject: str, slot: int) -> bool:
    """Subtract a request from a slot and the sum, if the slot has any."""
    try:
        _client().update_item(
            **_address(limit, subject),
            UpdateExpression="ADD #total :minus, #slot :minus",
            ConditionExpression="#slot > :zero",
            ExpressionAttributeNames={"#total": "total", "#slot": f"{_SLOT}{slot}"},
            ExpressionAttributeValues={":minus": {"N": "-1"}, ":zero": {"N": "0"}},
        )
    except ClientError as error:
        _stood(error)
        return False
    return True


def clear(limit: Limit, subject: str) -> None:
    """Clear the counts of a subject."""
    _client().delete_item(**_address(limit, subject))


def _add(limit: Limit, subject: str, slot: int) -> Mapping[str, Any]:
    """Count a request in this slot if the window has room and is at this slot, or is new."""
    answer = _client().update_item(
        **_address(limit, subject),
        UpdateExpression="SET kind = :kind, slot = :slot, expires_at = :end ADD #total :one, #slot :one",
        ConditionExpression="attribute_not_exists(pk) OR (slot = :slot AND #total < :limit)",
        ExpressionAttributeNames={"#total": "total", "#slot": f"{_SLOT}{slot}"},
        ExpressionAttributeValues={
            ":kind": {"S": "window"},
            ":slot": {"N": str(slot)},
            ":end": {"N": str(_end(limit, slot))},
            ":one": {"N": "1"},
            ":limit": {"N": str(limit.requests)},
        },
        ReturnValues="ALL_NEW",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    counted: Mapping[str, Any] = answer["Attributes"]
    return counted


def _roll(limit: Limit, subject: str, stood: Mapping[str, Any], live: Mapping[int, int], slot: int) -> bool:
    """Move the window to this slot and count this request, unless another instance has moved it."""
    item = {**_address(limit, subject)["Key"], **_rolled(live, slot), "kind": {"S": "window"}}
    item["expires_at"] = {"N": str(_end(limit, slot))}
    try:
        _client().put_item(
            TableName=settings().table,
            Item=item,
            ConditionExpression="slot = :stood AND #total = :total",
            ExpressionAttributeNames={"#total": "total"},
            ExpressionAttributeValues={":stood": stood["slot"], ":total": stood["total"]},
        )
    except ClientError as error:
        _stood(error)
        return False
    return True


def _rolled(live: Mapping[int, int], slot: int) -> dict[str, Any]:
    counts = {**live, slot: live.get(slot, 0) + 1}
    slots = {f"{_SLOT}{number}": {"N": str(count)} for number, count in counts.items()}
    return {"slot": {"N": str(slot)}, "total": {"N": str(sum(counts.values()))}, **slots}


def _live(item: Mapping[str, Any], slot: int) -> dict[int, int]:
    """Return the counts of the slots that are still in the window, by slot."""
    counts = {int(name[1:]): int(value["N"]) for name, value in item.items() if name[1:].isdigit()}
    return {number: count for number, count in counts.items() if number >= slot - SLOTS and count > 0}


def _quota(limit: Limit, item: Mapping[str, Any], slot: int) -> Quota:
    live = _live(item, slot)
    leaves = (min(live, default=slot) + SLOTS + 1) * limit.slot_seconds
    return Quota(limit.requests, max(0, limit.requests - sum(live.values())), max(1, leaves - int(time.time())))


def _stood(error: ClientError) -> Mapping[str, Any]:
    """Return the item that caused a conditional write to fail; raise any other error."""
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
    return cast("Mapping[str, Any]", error.response.get("Item", {}))


def _address(limit: Limit, subject: str) -> dict[str, Any]:
    digest = sha256(subject.encode()).hexdigest()
    return {
        "TableName": settings().table,
        "Key": {"pk": {"S": key("LIMIT", f"{limit.name}#{digest}")}, "sk": {"S": "WINDOW"}},
    }


def _end(limit: Limit, slot: int) -> int:
    return (slot + 1) * limit.slot_seconds + limit.seconds


def _client() -> Any:  # noqa: ANN401 (botocore makes its clients at run time, untyped)
    return connect().client
