"""The scale page: which quotas are exceeded, how to raise them, and the model compared with a small load."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.cost import page as cost
from bench.page import table
from bench.results import FOLDER
from bench.scale.laws import Station, bottleneck, throughput
from bench.scale.model import path
from bench.scale.traffic import MIX, kinds, quotas, read_quotas

FILE = FOLDER / "load.json"
PAGE = Path(__file__).parents[1] / "pages" / "scale.md"
TARGETS = (10_000, 100_000)
RISES = {"in ten minutes": 600, "in ten seconds": 10}
FIELDS = {"partition_writes": "shards"}
"""How to raise limits that are not quotas."""
SETTINGS = {
    "gateway_rate": "raise RequestsPerSecond, and the account's throttle rate of API Gateway in Service Quotas",
    "concurrency": "raise it in Service Quotas (Lambda, concurrent executions)",
    "scaling": "provisioned concurrency on the alias `live` of the busiest endpoints, before such a steep rise",
    "table_reads": "raise the table's warm throughput before the load; beyond 40,000 a second, the table quota too",
    "table_writes": "raise the table's warm throughput before the load; beyond 40,000 a second, the table quota too",
    "partition_reads": "cache first pages for a second; more shards do not help, because each page reads all of them",
    "partition_writes": "more shards (`lamina.storage.keys.SHARDS`, with a migration); DynamoDB splits too, slowly",
    "signatures": "raise it in Service Quotas (KMS, ECC), or use a longer lifetime of access tokens",
}
NAMES = {
    "gateway_rate": "requests of API Gateway",
    "concurrency": "environments of Lambda",
    "scaling": "new environments of a function",
    "table_reads": "reads of the table",
    "table_writes": "writes of the table",
    "partition_reads": "reads of one partition (a shard of a list)",
    "partition_writes": "writes of one partition (a shard of the search list)",
    "signatures": "signatures of KMS",
}


def write() -> None:
    """Write the page from the last measurement."""
    (FOLDER / "scale.md").write_text(render(json.loads(FILE.read_text(encoding="utf-8"))), encoding="utf-8")


def render(load: Mapping[str, Any]) -> str:
    """Write the page."""
    measured = json.loads(cost.FILE.read_text(encoding="utf-8"))
    known = read_quotas()
    sections = [
        f"### {target:,} requests a second, {name}\n\n{_breaks(target, rise, measured)}"
        for target in TARGETS
        for name, rise in RISES.items()
    ]
    defaults = [
        (NAMES[name], f"{quota['value']:,}", quota["unit"], quota["source"])
        for name, quota in known.items()
        if name in NAMES
    ]
    return PAGE.read_text(encoding="utf-8").format(
        measured=measured["measured"],
        loaded=load["measured"],
        checked=known["checked"],
        mix=", ".join(
            f"{share:.1%} {place}" for place, share in sorted(MIX.items(), key=lambda each: each[1], reverse=True)
        ),
        breaks="\n".join(sections),
        quotas=table(("quota", "default", "unit", "source"), defaults, texts=(0, 2, 3)),
        load=_load(load["loads"]),
    )


def _breaks(target: int, rise: int, measured: Mapping[str, Any]) -> str:
    """Return each exceeded quota once, in the order of the rates, with the required value."""
    first: dict[str, float] = {}
    needed: dict[str, float] = {}
    for broken, in_force in path(kinds(measured), quotas(), target, rise):
        first[broken.quota] = min(broken.rate, first.get(broken.quota, broken.rate))
        needed[broken.quota] = getattr(in_force, FIELDS.get(broken.quota, broken.quota)) * 2
    if not first:
        return "No quota is exceeded.\n"
    rows = [
        (NAMES[name], f"{rate:,.0f} a second", _needed(name, needed[name]), SETTINGS[name])
        for name, rate in sorted(first.items(), key=lambda each: each[1])
    ]
    return table(("quota", "rejects from", "sufficient", "how to raise it"), rows, texts=(0, 3))


def _needed(name: str, value: float) -> str:
    return f"{value:,.0f} {FIELDS.get(name, '')}".strip()


def _load(loads: list[dict[str, Any]]) -> str:
    alone = loads[0]
    stations = [Station(**station) for station in alone["stations"]]
    rows = []
    for load in loads:
        expected = throughput(load["clients"], alone["p50"], stations)
        rows.append(
            (
                f"{load['clients']}",
                f"{load['requests']:.0f}/s",
                f"{expected:.0f}/s",
                f"{load['requests'] / expected:.2f}",
                f"{load['p50'] * 1000:.0f} ms",
                f"{load['clients'] / expected * 1000:.0f} ms",
                f"{load['p95'] * 1000:.0f} ms",
                f"{load['failed']}",
            )
        )
    head = ("clients", "measured", "computed", "ratio", "p50", "computed", "p95", "failed")
    full = bottleneck(stations)
    said = f"The bottleneck is the {full.name}: a request takes {full.demand * 1000:.1f} ms of it.\n"
    return table(head, rows) + "\n" + said
