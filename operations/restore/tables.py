"""Backups of a table, and new tables made of them."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

POLL_SECONDS = 2.0
BACKUP_SECONDS = 3600.0
RESTORE_SECONDS = 24 * 3600.0
PREFIX = "lamina"

type RawItem = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Restored:
    """A table that was made of another.

    Attributes:
        table: its name.
        as_of: the instant that it shows, UTC.
    """

    table: str
    as_of: datetime


class TooSlow(Exception):
    """A backup or a restore did not end; the message names it."""


def back_up(client: Any, table: str, name: str) -> Mapping[str, Any]:  # noqa: ANN401 (botocore's clients are untyped)
    """Create a backup of a table, and return its description when it is available."""
    details = client.create_backup(TableName=table, BackupName=name)["BackupDetails"]

    def is_available() -> bool:
        return bool(_backup(client, details["BackupArn"])["BackupStatus"] == "AVAILABLE")

    _wait(is_available, f"the backup {name}", BACKUP_SECONDS)
    return _backup(client, details["BackupArn"])


def restore_backup(client: Any, arn: str, target: str) -> Restored:  # noqa: ANN401
    """Restore a backup into a new table, and return it when it is complete."""
    as_of = _backup(client, arn)["BackupCreationDateTime"]
    client.restore_table_from_backup(BackupArn=arn, TargetTableName=target, BillingModeOverride="PAY_PER_REQUEST")
    _wait_for_table(client, target)
    return Restored(target, as_of.astimezone(UTC))


def restore_point_in_time(client: Any, table: str, target: str, at: datetime | None = None) -> Restored:  # noqa: ANN401
    """Restore a table as it was at an instant into a new one, and return it when it is complete.

    Args:
        client: of DynamoDB.
        table: to restore; it must have point-in-time recovery.
        target: name of the new table.
        at: the instant; None for the latest that can be restored, about five minutes ago.
    """
    latest = latest_restorable(client, table)
    point: dict[str, Any] = {"RestoreDateTime": at} if at else {"UseLatestRestorableTime": True}
    client.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=target, BillingModeOverride="PAY_PER_REQUEST", **point
    )
    _wait_for_table(client, target)
    return Restored(target, (at or latest).astimezone(UTC))


def latest_restorable(client: Any, table: str) -> datetime:  # noqa: ANN401
    """Return the latest instant to which point-in-time recovery can restore a table."""
    described = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = described["PointInTimeRecoveryDescription"]
    latest: datetime = recovery.get("LatestRestorableDateTime") or datetime.now(UTC)
    return latest


def remove(client: Any, table: str) -> None:  # noqa: ANN401
    """Delete a table that a drill has made, and wait until it is gone."""
    client.delete_table(TableName=table)
    client.get_waiter("table_not_exists").wait(TableName=table)


def scan(client: Any, table: str) -> Iterator[RawItem]:  # noqa: ANN401
    """Yield all items of a table; those with the same partition key follow each other."""
    for page in client.get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]


def stamped(purpose: str, table: str) -> str:
    """Return a name for a backup or a table, with the time: at most 255 of the characters that DynamoDB accepts."""
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return f"{re.sub(r'[^a-zA-Z0-9_.-]', '-', table)[:200]}-{purpose}-{now}"


def _backup(client: Any, arn: str) -> Mapping[str, Any]:  # noqa: ANN401
    details: Mapping[str, Any] = client.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
    return details


def _wait_for_table(client: Any, table: str) -> None:  # noqa: ANN401
    """Wait until a table is active; a restore creates its indexes before that."""

    def is_active() -> bool:
        return bool(client.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE")

    _wait(is_active, f"the table {table}", RESTORE_SECONDS)


def _wait(is_done: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise TooSlow(f"{what} is not complete after {seconds / 3600:.0f} h")
        time.sleep(POLL_SECONDS)
