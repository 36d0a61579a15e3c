"""Records each call of the table: the operation, the kinds of items or the index, consumed units and retries."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lamina.observability import tracing
from lamina.storage.transport import Call, DynamoDb

KIND = re.compile(r"[A-Z_]+")
NO_RESPONSE = 503


def observe(client: DynamoDb) -> None:
    """Record the calls of a client, if there is a daemon to send to."""
    if tracing.enabled:
        client.after.append(record)


def record(call: Call) -> None:
    """Record a call that has its response, or has failed."""
    if not tracing.is_recorded():
        return
    response = call.response or {}
    aws = {
        "operation": call.operation,
        "table_name": call.params.get("TableName"),
        "index_name": call.params.get("IndexName"),
        "item_kinds": sorted(set(_kinds(call.params))),
        "consumed_capacity": _consumed(response.get("ConsumedCapacity")),
        "retries": call.attempts - 1,
    }
    failure = None
    if call.response is None:
        failure = ("no response", NO_RESPONSE)
    elif error := response.get("Error"):
        failure = (error["Code"], response["ResponseMetadata"]["HTTPStatusCode"])
    tracing.record_call("DynamoDB", call.started, {name: value for name, value in aws.items() if value}, failure)


def _kinds(params: Mapping[str, Any]) -> Iterator[str]:
    """Name the kinds of items by what keys begin with; the rest of a key is never recorded."""
    if item := params.get("Item") or params.get("Key"):
        yield _kind(item)
    for action in params.get("TransactItems", ()):
        yield from (_kind(part.get("Item") or part["Key"]) for part in action.values())
    for request in params.get("RequestItems", {}).values():
        if isinstance(request, Mapping):
            yield from map(_kind, request["Keys"])
        else:
            for action in request:
                yield from (_kind(part.get("Item") or part["Key"]) for part in action.values())
    if condition := params.get("KeyConditionExpression"):
        values = params["ExpressionAttributeValues"]
        partition, *others = (values[name].get("S", "") for name in re.findall(r":\w+", condition))
        yield "/".join(filter(None, map(_first_part, (partition, *others[:1]))))


def _kind(item: Mapping[str, Any]) -> str:
    return "/".join(filter(None, (_first_part(item.get(name, {}).get("S", "")) for name in ("pk", "sk"))))


def _first_part(key: str) -> str:
    first = key.partition("#")[0]
    return first if KIND.fullmatch(first) else ""


def _consumed(consumed: Any) -> float:  # noqa: ANN401 (one, or one for each table)
    each = consumed if isinstance(consumed, list) else [consumed or {}]
    return sum(float(one.get("CapacityUnits", 0)) for one in each)
