"""What calls of DynamoDB cost: the engine says for each how many units it took."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from lamina.storage.transport import Call, DynamoDb
from tests.support import calls

READS = {"GetItem", "BatchGetItem", "Query"}
NAMED = {
    "USER": "id",
    "EMAIL": "address",
    "USERNAME": "name",
    "REFRESH": "hash",
    "IDEMPOTENCY": "hash",
    "REQUEST": "hash",
    "LIMIT": "window",
    "INDEXED_POSTS": "shard",
    "TERM": "term",
    "WORDS": "letter",
}
"""What stands in a partition key behind its kind."""


@dataclass
class Bill:
    """What was called and what it took.

    Attributes:
        calls: how often, by operation.
        keys: how often each shape of key was used.
        reads: read request units.
        writes: write request units.
    """

    calls: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    reads: float = 0
    writes: float = 0


class Meter:
    """Listens to a client, and bills what one function calls at a time."""

    def __init__(self, client: DynamoDb) -> None:
        """Take the client through which everything goes."""
        self._bill: Bill | None = None
        self._but: str = ""
        client.before.append(self._ask)
        client.after.append(self._note)

    @contextmanager
    def running(self, but: str = "") -> Iterator[Bill]:
        """Bill all calls meanwhile, but those of one function, given by its place (`gateway/authorizer`)."""
        self._bill, self._but = Bill(), but
        try:
            yield self._bill
        finally:
            self._bill = None

    def _ask(self, call: Call) -> None:
        if self._bill is None or self._is_left_out():
            return
        self._bill.calls[call.operation] += 1
        self._bill.keys.update(_shapes(call.operation, call.params))

    def _note(self, call: Call) -> None:
        if self._bill is None or self._is_left_out():
            return
        parsed = call.response or {}
        if parsed.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
            # An error tells no units, and is billed by the size of the item that stands in the way.
            self._bill.writes += ceil(len(json.dumps(parsed.get("Item", {}))) / 1024) or 1
        consumed = parsed.get("ConsumedCapacity", [])
        units = sum(each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed]))
        if call.operation in READS:
            self._bill.reads += units
        else:
            self._bill.writes += units

    def _is_left_out(self) -> bool:
        return bool(self._but) and calls._callers[-1:] == [self._but]


def _shapes(operation: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Name the keys of a call by their shape: `USER#<id>` / `EVENT#<id>`."""
    match operation:
        case "Query":
            partition = _partition(params["ExpressionAttributeValues"][":0"]["S"])
            yield f"{params.get('IndexName', 'table')} `{partition}`"
        case "BatchGetItem":
            yield from (_shape(key) for request in params["RequestItems"].values() for key in request["Keys"])
        case "BatchWriteItem":
            for requests in params["RequestItems"].values():
                yield from (_shape(request["PutRequest"]["Item"]) for request in requests)
        case "TransactWriteItems":
            for item in params["TransactItems"]:
                (part,) = item.values()
                yield _shape(part.get("Item") or part["Key"])
        case _:
            yield _shape(params.get("Item") or params["Key"])


def _shape(item: Mapping[str, Mapping[str, str]]) -> str:
    partition, sort = item["pk"]["S"], item["sk"]["S"]
    if partition.startswith("SEARCH#"):
        sort = "<word>#<id>"
    elif partition.startswith("TERM#"):
        sort = "<level>#<id>"
    elif partition.startswith("WORDS#"):
        sort = "<word>"
    elif partition.startswith("INDEXED_POSTS#"):
        sort = "<id>"
    elif partition.startswith("ACTIVITY#"):
        sort = "<instant>#<id>"
    elif partition.startswith("COUNTER#"):
        sort = "<bucket>"
    return f"`{_partition(partition)}` / `{re.sub(r'#[0-9a-f-]{36}$', '#<id>', sort)}`"


def _partition(key: str) -> str:
    kind, _, rest = key.partition("#")
    if kind in NAMED:
        return f"{kind}#<{NAMED[kind]}>"
    rest = re.sub(r"#\d{4}-\d\d$", "#<month>", rest)
    return re.sub(r"#\d$", "#<shard>", re.sub(r"#[0-9a-f-]{36}", "#<id>", f"{kind}#{rest}"))
