"""The table: items by access pattern or by partition key, decoded, with links to related items and consumed units."""

import json
from typing import Any

from boto3.dynamodb.types import Binary, TypeDeserializer

from local.console.context import Context, Query
from local.console.exchange import HIDDEN
from local.console.patterns import PATTERNS, Pattern

LIMIT = 50
KEYS = ("pk", "sk", "gsi1pk", "gsi2pk", "gsi3pk", "gsi4pk", "gsisk")
SECRET = ("hash", "secret", "digest")
LINKS = {
    **dict.fromkeys(("user_id", "author_id", "owner_id", "customer_id", "actor", "created_by"), "USER"),
    **{f"{name}_id": name.upper() for name in ("product", "post", "order", "webhook", "job", "connection")},
}
"""The kind of the item that an attribute names."""

type Json = dict[str, Any]

_decode = TypeDeserializer().deserialize


def read(context: Context, _identifier: str, query: Query) -> object:
    """Return the patterns and, if one or a partition is asked for, its items."""
    offered = {
        name: {"group": each.group, "title": each.title, "field": each.field, "guide": each.guide}
        for name, each in PATTERNS.items()
    }
    pattern = PATTERNS.get(query.get("pattern", ""))
    if query.get("pk"):
        pattern = Pattern("", "", "", "", lambda value: [value])
    if pattern is None or (pattern.field and not query.get("value") and not query.get("pk")):
        return {"patterns": offered, "items": None}
    return {"patterns": offered, **items(context, pattern, query.get("pk") or query.get("value", ""))}


def items(context: Context, pattern: Pattern, value: str) -> Json:
    """Return the items of a pattern, the calls that read them, and the units they consumed."""
    found: list[Json] = []
    calls, units = [], 0.0
    for partition in pattern.partitions(value):
        answer = _query(context, pattern, partition)
        units += float(answer["ConsumedCapacity"]["CapacityUnits"])
        calls.append(
            f"Query {pattern.index or 'table'} {partition}{f', {pattern.position}…' if pattern.position else ''}"
        )
        found += answer["Items"]
    if pattern.index:
        found.sort(key=lambda item: item.get("gsisk", {}).get("S", ""), reverse=pattern.newest)
        found, more = _whole(context, found[:LIMIT])
        units += more
    return {"items": [decoded(item) for item in found[:LIMIT]], "calls": calls, "units": units}


def _query(context: Context, pattern: Pattern, partition: str) -> Json:
    keys = (f"{pattern.index}pk", "gsisk") if pattern.index else ("pk", "sk")
    names, values = {"#p": keys[0]}, {":p": {"S": partition}}
    condition = "#p = :p"
    if pattern.position:
        condition += " AND begins_with(#s, :s)"
        names["#s"], values[":s"] = keys[1], {"S": pattern.position}
    answer: Json = context.client("dynamodb").query(
        TableName=context.resource("Data/Table"),
        **({"IndexName": pattern.index} if pattern.index else {}),
        KeyConditionExpression=condition,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        ScanIndexForward=not pattern.newest,
        Limit=LIMIT,
        ReturnConsumedCapacity="TOTAL",
    )
    return answer


def _whole(context: Context, entries: list[Json]) -> tuple[list[Json], float]:
    """Return the items that entries of an index stand for, in their order: an index has their keys only."""
    if not entries:
        return [], 0.0
    table = context.resource("Data/Table")
    keys = list({(each["pk"]["S"], each["sk"]["S"]): {"pk": each["pk"], "sk": each["sk"]} for each in entries}.values())
    answer = context.client("dynamodb").batch_get_item(
        RequestItems={table: {"Keys": keys}}, ReturnConsumedCapacity="TOTAL"
    )
    by_key = {(item["pk"]["S"], item["sk"]["S"]): item for item in answer["Responses"].get(table, [])}
    units = sum(float(each["CapacityUnits"]) for each in answer.get("ConsumedCapacity", []))
    return [by_key[key] for key in ((each["pk"]["S"], each["sk"]["S"]) for each in entries) if key in by_key], units


def decoded(item: Json) -> Json:
    """Return an item as the console shows it: its keys, its kind, and its attributes with links to related items."""
    plain = {name: _plain(name, _decode(value)) for name, value in item.items()}
    attributes = [
        {"name": name, "value": value, "link": _link(name, value), "type": next(iter(item[name]))}
        for name, value in sorted(plain.items())
        if name not in {*KEYS, "kind"}
    ]
    return {
        "kind": plain.get("kind", ""),
        "keys": {name: plain[name] for name in KEYS if name in plain},
        "attributes": attributes,
    }


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401  whatever an attribute holds
    if any(word in name for word in SECRET):
        return HIDDEN
    if isinstance(value, Binary):
        return f"{_size(value)} bytes"
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return json.loads(json.dumps(value, default=_number))


def _size(value: Any) -> int:  # noqa: ANN401  boto3's own class for bytes
    return len(value.value)


def _number(value: Any) -> Any:  # noqa: ANN401  as above
    if isinstance(value, set):
        return sorted(map(str, value))
    if isinstance(value, Binary):
        return f"{_size(value)} bytes"
    return int(value) if value == int(value) else float(value)


def _link(name: str, value: object) -> str:
    kind = LINKS.get(name)
    return f"{kind}#{value}" if kind and isinstance(value, str) and value else ""
