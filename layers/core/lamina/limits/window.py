"""Sliding windows, counted in the table, exact however many instances count at once.

A window is cut into slots. One item a subject holds how many requests fell into each slot and their sum; one
conditional update adds a request to the present slot if the sum is below the limit. When the slot has moved on, the
item is first rolled: slots that have left the window are taken out of the sum. A refused request writes nothing.
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
"""A window is so many slots long; the present one counts as well, so it slides by a sixtieth, never too early."""
ATTEMPTS = 64
_SLOT = "s"


@dataclass(frozen=True)
class Limit:
    """So many requests in a window, for each subject.

    Attributes:
        name: tells the windows of one subject apart.
        requests: how many are let through.
        seconds: length of the window.
    """

    name: str
    requests: int
    seconds: int = 900

    @property
    def slot_seconds(self) -> int:
        """Length of a slot."""
        return max(1, self.seconds // SLOTS)


class LimitReached(Exception):
    """The window is full; `quota` says until when."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        super().__init__(f"{quota.limit} requests; {quota.reset} s to wait")


def spend(limit: Limit, subject: str) -> Quota:
    """Count one request of a subject: one write, two when the slot has moved on, none when the window is full.

    Args:
        limit: the window.
        subject: whom it counts; only a hash of it is kept.

    Raises:
        LimitReached: when the window is full; the request is not counted.
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
    """Take back the request that was just counted, as if it had not been made: in this slot, or in the one before.

    If it stayed counted where the slot moves on in between, refused tries would fill windows that they must not.
    """
    slot = int(time.time()) // limit.slot_seconds
    if not _subtract(limit, subject, slot):
        _subtract(limit, subject, slot - 1)


def _subtract(limit: Limit, subject: str, slot: int) -> bool:
    """Take a request out of a slot and the sum, if there is one in it."""
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
    """Forget what was counted of a subject."""
    _client().delete_item(**_address(limit, subject))


def _add(limit: Limit, subject: str, slot: int) -> Mapping[str, Any]:
    """Count one request in this slot if the window has room and stands at this slot, or is new."""
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
    """Move the window to this slot, with this request in it, unless somebody else has moved it in the meantime."""
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
    """Give the counts of the slots that still lie in the window, by slot."""
    counts = {int(name[1:]): int(value["N"]) for name, value in item.items() if name[1:].isdigit()}
    return {number: count for number, count in counts.items() if number >= slot - SLOTS and count > 0}


def _quota(limit: Limit, item: Mapping[str, Any], slot: int) -> Quota:
    live = _live(item, slot)
    leaves = (min(live, default=slot) + SLOTS + 1) * limit.slot_seconds
    return Quota(limit.requests, max(0, limit.requests - sum(live.values())), max(1, leaves - int(time.time())))


def _stood(error: ClientError) -> Mapping[str, Any]:
    """Give the item that stood in the way of a conditional write; any other failure goes on."""
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
