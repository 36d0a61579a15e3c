"""Time that passes for one user, or for one order: all that lies in its partition becomes older."""

from datetime import datetime, timedelta
from typing import Any

from lamina import ids

INSTANTS = ("created_at", "deleted_at", "swept_at", "updated_at")


def age(client: Any, table: str, user_id: str, days: int) -> None:
    """Do as if a user had been made, changed and deleted so many days earlier.

    Args:
        client: of DynamoDB.
        table: its name.
        user_id: whose items.
        days: how many.
    """
    _age(client, table, "USER", user_id, timedelta(days=days))


def age_order(client: Any, table: str, order_id: str, seconds: int) -> None:
    """Do as if an order had been placed, and everything of it had happened, so many seconds earlier."""
    _age(client, table, "ORDER", order_id, timedelta(seconds=seconds))


def _age(client: Any, table: str, kind: str, identifier: str, by: timedelta) -> None:
    for item in items_at(client, table, f"{kind}#{identifier}"):
        for name in INSTANTS:
            if name in item:
                item[name] = {"S": _earlier(item[name]["S"], by)}
        if item.get("gsisk", {}).get("S", "").endswith(f"#{identifier}"):
            position, _, _ = item["gsisk"]["S"].partition("#")
            item["gsisk"] = {"S": f"{_earlier(position, by)}#{identifier}"}
        client.put_item(TableName=table, Item=item)


def items_at(client: Any, table: str, partition: str) -> list[dict[str, Any]]:
    """Read a whole partition."""
    found: list[dict[str, Any]] = []
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
        ConsistentRead=True,
    )
    for page in pages:
        found += page["Items"]
    return found


def naming(client: Any, table: str, *words: str) -> list[dict[str, Any]]:
    """Read every item of the table that holds one of these words, anywhere."""
    found: list[dict[str, Any]] = []
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        found += [item for item in page["Items"] if any(word in repr(item) for word in words)]
    return found


def _earlier(instant: str, by: timedelta) -> str:
    return ids.stamp(datetime.fromisoformat(instant) - by)
