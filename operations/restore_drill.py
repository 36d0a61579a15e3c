"""`make restore-drill`: restores the table into a new one, verifies it, and removes it again.

On AWS, as of the latest instant that point-in-time recovery has, or `ARGS="--at 2026-11-29T10:00:00Z"`; with
`BACKUP=arn…`, from that backup. On the local stack (`LOCAL=1`), from a backup that is made now. Nothing is written to
the table itself. It costs the storage of a second table for the time of the drill, and two reads of every item.
"""

import argparse
import os
import sys
from datetime import UTC, datetime

import boto3
from botocore.config import Config

from operations.command import explained, parse, parser
from operations.connection import connect

READ_SECONDS = 120


def main() -> int:
    """Read the command line, and run the drill; return the exit code: 1 if the restored table is not good."""
    options = parser("restore-drill", __doc__)
    add_options(options)
    given = parse(options)
    with explained(given.stack, given.region):
        connect(given.stack)
        return drill(given)


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the options of this command to a parser."""
    options.add_argument("--backup", metavar="ARN", default="", help="restore this backup")
    options.add_argument("--at", type=_instant, help="restore the table as of this instant (RFC 3339)")


def drill(given: argparse.Namespace, *, local: bool = False) -> int:
    """Run the drill on the table of the connected stack, and print its report; return the exit code."""
    # Only now: item classes read their settings when they are imported, and `connect` has just found them.
    from operations.restore.drill import drill_backup, drill_point_in_time

    client, table = table_of_stack()
    if given.backup or local:
        report = drill_backup(client, table, given.backup)
    else:
        report = drill_point_in_time(client, table, given.at)
    print("\n".join(report.lines()))
    return 0 if report.is_good else 1


def table_of_stack() -> tuple[object, str]:
    """Return a client of DynamoDB, and the name of the connected stack's table."""
    config = Config(read_timeout=READ_SECONDS, retries={"mode": "standard", "total_max_attempts": 8})
    return boto3.client("dynamodb", config=config), os.environ["LAMINA_TABLE"]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


if __name__ == "__main__":
    sys.exit(main())
