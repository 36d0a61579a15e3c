"""Logs the key of every changed item."""

from typing import Any


def handler(event: dict[str, Any], _context: object) -> None:
    """One line a record."""
    for record in event["Records"]:
        print("changed", record["dynamodb"]["Keys"]["pk"]["S"])
