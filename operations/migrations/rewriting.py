"""Changes one item, if it is still as it was read, and finds the items to change."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from operations.migrations.catalog import FIRST_VERSION, Direction, Migration

ATTEMPTS = 5
"""How often an item is read again that is written meanwhile; the next pass finds it if that was not enough."""
REFUSED = "ConditionalCheckFailedException"
_to_python: Callable[[Any], Any] = TypeDeserializer().deserialize
_to_dynamodb: Callable[[Any], Any] = TypeSerializer().serialize

type RawItem = Mapping[str, Mapping[str, Any]]


class Table(NamedTuple):
    """A table: a boto3 client, and the name."""

    client: Any
    name: str


class Rewritten(NamedTuple):
    """What became of an item: whether it was changed, and the capacity units that it took."""

    changed: bool
    units: float


class ItemFailed(Exception):
    """A migration raised an exception for an item; the message names both, but no value of the item."""


def selection(migration: Migration, direction: Direction) -> dict[str, Any]:
    """Return the filter of a scan for the items that are to be changed."""
    version, _ = migration.versions(direction)
    return {
        "FilterExpression": f"#kind = :kind AND {_has_version(version)}",
        "ExpressionAttributeNames": {"#kind": "kind", "#schema": "schema_version"},
        "ExpressionAttributeValues": {":kind": {"S": migration.kind}, ":from": {"N": str(version)}},
    }


def changes_of(migration: Migration, direction: Direction, item: RawItem) -> dict[str, Any]:
    """Return the attributes of an item to set, with their values as Python has them; None for those to remove.

    Raises:
        ItemFailed: if the migration fails.
    """
    plain = {name: _to_python(value) for name, value in item.items()}
    try:
        return dict(migration.change(direction, plain))
    except Exception as error:  # whatever the code of a migration raises: it is named with its item
        where = f"{item['pk']['S']} / {item['sk']['S']}"
        raise ItemFailed(f"{migration.name} fails for {where}: {type(error).__name__}") from error


def rewrite(table: Table, migration: Migration, direction: Direction, item: RawItem) -> Rewritten:
    """Change an item, unless somebody else has changed it to the same version, or deleted it.

    The item's own version stays: it counts the changes that clients see, and orders number their events by it.

    Raises:
        ItemFailed: if the migration fails.
    """
    units = 0.0
    for _ in range(ATTEMPTS):
        try:
            response = table.client.update_item(**_update(table, migration, direction, item))
        except ClientError as error:
            if error.response["Error"]["Code"] != REFUSED:
                raise
            units += 1
            found: RawItem = error.response.get("Item") or {}  # type: ignore[assignment]  # AWS types know no such member
            if not _is_selected(migration, direction, found):
                return Rewritten(changed=False, units=units)
            item = found
        else:
            return Rewritten(changed=True, units=units + consumed(response))
    return Rewritten(changed=False, units=units)


def consumed(response: Mapping[str, Any]) -> float:
    """Return the capacity units that a call has consumed; 1 if the engine does not return them."""
    return float(response.get("ConsumedCapacity", {}).get("CapacityUnits", 1.0))


def _update(table: Table, migration: Migration, direction: Direction, item: RawItem) -> dict[str, Any]:
    before, after = migration.versions(direction)
    names = {"#kind": "kind", "#schema": "schema_version", "#version": "version"}
    values: dict[str, Any] = {
        ":kind": {"S": migration.kind},
        ":from": {"N": str(before)},
        ":to": {"N": str(after)},
    }
    settings, removals = ["#schema = :to"], []
    for number, (name, value) in enumerate(sorted(changes_of(migration, direction, item).items())):
        names[f"#a{number}"] = name
        if value is None:
            removals.append(f"#a{number}")
        else:
            settings.append(f"#a{number} = :a{number}")
            values[f":a{number}"] = _to_dynamodb(value)
    if "version" in item:
        values[":version"] = item["version"]
    unchanged = "#version = :version" if "version" in item else "attribute_not_exists(#version)"
    return {
        "TableName": table.name,
        "Key": {"pk": item["pk"], "sk": item["sk"]},
        "UpdateExpression": f"SET {', '.join(settings)}" + (f" REMOVE {', '.join(removals)}" if removals else ""),
        "ConditionExpression": f"#kind = :kind AND {_has_version(before)} AND {unchanged}",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ReturnConsumedCapacity": "TOTAL",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _has_version(version: int) -> str:
    """Return the condition on an item's version; an item without one has the first."""
    same = "#schema = :from"
    return f"({same} OR attribute_not_exists(#schema))" if version == FIRST_VERSION else same


def _is_selected(migration: Migration, direction: Direction, item: RawItem) -> bool:
    version, _ = migration.versions(direction)
    stored = int(item.get("schema_version", {}).get("N", FIRST_VERSION))
    return item.get("kind", {}).get("S") == migration.kind and stored == version
