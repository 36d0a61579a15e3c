"""The load of the model, from the measurements of `python -m bench.cost`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.cost.duration import milliseconds
from bench.cost.usage import AUTHORIZER, ECC, USAGE
from bench.scale.model import Kind, Quotas

QUOTAS = Path(__file__).with_name("quotas.json")
SHARDS = 4
"""Partitions of a list (`lamina.storage.keys.SHARDS`)."""
_CALLS = sum(number for number, _ in USAGE.values())
MIX = {place: number / _CALLS for place, (number, _) in USAGE.items()}
"""The share of each endpoint, by its place: the usage whose cost `docs/cost.md` has."""
PUBLIC = {place for place in USAGE if place.startswith("auth/")}
"""Requests without a credential: the authorizer reads nothing of them."""
LIST_READS = {"posts/list": 0.5, "products/list": 0.5, "users/list_orders": 0.5}
"""Read units that a page of a list takes of each shard: a query of index keys."""
LIST_WRITES = {"auth/register": 6.0}
"""Write units on the busiest partition that a registration writes to: three words of an address, in a transaction, on
one shard of the search list."""


def kinds(measured: Mapping[str, Any]) -> list[Kind]:
    """Return the kinds of requests; the authorizer runs before each, and counts it."""
    endpoints, overhead = measured["endpoints"], measured["overhead_ms"]
    before = endpoints[AUTHORIZER]
    return [
        Kind(
            name=place,
            share=share,
            functions={
                place: milliseconds(endpoints[place], overhead) / 1000,
                AUTHORIZER: milliseconds(before, overhead) / 1000,
            },
            reads=endpoints[place]["reads"] + before["reads"] * (place not in PUBLIC),
            writes=endpoints[place]["writes"] + before["writes"],
            signatures=sum(endpoints[place]["calls"].get(operation, 0) for operation in ECC),
            list_reads=LIST_READS.get(place, 0),
            list_writes=LIST_WRITES.get(place, 0),
        )
        for place, share in MIX.items()
    ]


def quotas() -> Quotas:
    """Return AWS's defaults, and our number of shards."""
    values = {name: quota["value"] for name, quota in read_quotas().items() if name != "checked"}
    return Quotas(**values, shards=SHARDS)


def read_quotas() -> dict[str, Any]:
    """Read the quotas with their units and sources."""
    found: dict[str, Any] = json.loads(QUOTAS.read_text(encoding="utf-8"))
    return found
