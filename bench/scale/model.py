"""A model of the deployed system under a load that rises: which quota refuses requests first, and when.

Time goes in steps of a second. Arrivals of each kind of request are Poisson; each takes an environment of its function
for its duration (Little's law), and of the table, of single partitions and of KMS what was measured. A quota is broken
when it refuses more than one request in a thousand within a second. Chance has a fixed seed.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

REFUSED = 0.001
"""The share of a second's requests that may be refused before a quota counts as broken."""
SCALING_SECONDS = 10
"""The time in which Lambda adds `scaling` environments to a function."""
NORMAL = 500
"""From this mean on, a Poisson number is drawn from the normal distribution that it tends to."""


@dataclass(frozen=True)
class Quotas:
    """Default quotas of an AWS account, and limits of the design.

    Attributes:
        gateway_rate: requests a second, refilling the bucket.
        gateway_burst: requests in the bucket.
        concurrency: environments of all functions.
        scaling: environments that a function gains in ten seconds.
        table_reads: read units a second of the table.
        table_writes: write units a second of the table.
        partition_reads: read units a second of one partition.
        partition_writes: write units a second of one partition.
        signatures: of KMS, a second.
        shards: partitions of a list.
    """

    gateway_rate: float
    gateway_burst: float
    concurrency: float
    scaling: float
    table_reads: float
    table_writes: float
    partition_reads: float
    partition_writes: float
    signatures: float
    shards: int


@dataclass(frozen=True)
class Kind:
    """A kind of request, as measured.

    Attributes:
        name: name in tables.
        share: of all requests.
        functions: seconds that it holds an environment of each function.
        reads: read units of the table.
        writes: write units of the table.
        signatures: of KMS.
        list_reads: read units that it takes of each shard of a list.
        list_writes: write units that it takes of a list, on one of its shards.
    """

    name: str
    share: float
    functions: Mapping[str, float]
    reads: float = 0
    writes: float = 0
    signatures: float = 0
    list_reads: float = 0
    list_writes: float = 0


@dataclass(frozen=True)
class Break:
    """An exceeded quota.

    Attributes:
        quota: its name.
        second: of the rise.
        rate: requests a second at that moment.
    """

    quota: str
    second: int
    rate: float


def first_break(kinds: Sequence[Kind], quotas: Quotas, target: float, rise: int, seed: int = 1) -> Break | None:
    """Raise the load evenly from zero to the target, hold it as long, and return the first exceeded quota.

    Args:
        kinds: of requests; their shares add up to 1.
        quotas: in force.
        target: requests a second.
        rise: seconds.
        seed: of chance.
    """
    chance = random.Random(seed)  # noqa: S311 (nothing secret)
    bucket = quotas.gateway_burst
    ready: dict[str, float] = {}
    for second in range(1, 2 * rise + 1):
        rate = target * min(1.0, second / rise)
        arrivals = {kind.name: poisson(chance, rate * kind.share) for kind in kinds}
        total = sum(arrivals.values())
        admitted = bucket + quotas.gateway_rate
        loads = {"gateway_rate": (total, admitted), **_demands(kinds, arrivals, quotas)}
        bucket = min(quotas.gateway_burst, max(0.0, admitted - total))
        wanted = _environments(kinds, arrivals)
        loads["scaling"] = _scaling(wanted, ready, quotas)
        loads["concurrency"] = (sum(wanted.values()), quotas.concurrency)
        broken = [name for name, (load, limit) in loads.items() if load > limit * (1 + REFUSED)]
        if broken:
            # Of several in one second the one that refuses the most.
            worst = max(broken, key=lambda name: loads[name][0] / max(loads[name][1], 1e-9))
            return Break(worst, second, rate)
    return None


def path(
    kinds: Sequence[Kind], quotas: Quotas, target: float, rise: int, raised: float = 2.0, seed: int = 1
) -> list[tuple[Break, Quotas]]:
    """Raise each exceeded quota until none is; return the exceeded quotas in order, with those in force."""
    found: list[tuple[Break, Quotas]] = []
    while (broken := first_break(kinds, quotas, target, rise, seed)) is not None:
        found.append((broken, quotas))
        quotas = _raise(quotas, broken.quota, raised)
    return found


def poisson(chance: random.Random, mean: float) -> int:
    """Draw a Poisson number."""
    if mean > NORMAL:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    number, product, limit = 0, chance.random(), math.exp(-mean)
    while product > limit:
        number += 1
        product *= chance.random()
    return number


def _raise(quotas: Quotas, name: str, factor: float) -> Quotas:
    if name == "partition_writes":
        # No setting raises what a partition takes; more shards share the load.
        return replace(quotas, shards=math.ceil(quotas.shards * factor))
    if name == "gateway_rate":
        return replace(quotas, gateway_rate=quotas.gateway_rate * factor, gateway_burst=quotas.gateway_burst * factor)
    raised: dict[str, Any] = {name: getattr(quotas, name) * factor}
    return replace(quotas, **raised)


def _demands(kinds: Sequence[Kind], arrivals: Mapping[str, int], quotas: Quotas) -> dict[str, tuple[float, float]]:
    """Return the load on the table and on KMS per second, each with its limit."""

    def asked(what: str) -> float:
        return sum(arrivals[kind.name] * float(getattr(kind, what)) for kind in kinds)

    return {
        "table_reads": (asked("reads"), quotas.table_reads),
        "table_writes": (asked("writes"), quotas.table_writes),
        "signatures": (asked("signatures"), quotas.signatures),
        "partition_reads": (asked("list_reads"), quotas.partition_reads),
        "partition_writes": (asked("list_writes") / quotas.shards, quotas.partition_writes),
    }


def _environments(kinds: Sequence[Kind], arrivals: Mapping[str, int]) -> dict[str, float]:
    """Return the number of concurrent environments by function."""
    busy: dict[str, float] = {}
    for kind in kinds:
        for function, seconds in kind.functions.items():
            busy[function] = busy.get(function, 0) + arrivals[kind.name] * seconds
    return busy


def _scaling(wanted: Mapping[str, float], ready: dict[str, float], quotas: Quotas) -> tuple[float, float]:
    """Increase the concurrency of functions up to their limits, and return the one that exceeds its limit the most."""
    worst = (0.0, quotas.scaling)
    for function, busy in wanted.items():
        allowed = ready.get(function, quotas.scaling - quotas.scaling / SCALING_SECONDS)
        allowed += quotas.scaling / SCALING_SECONDS
        if busy / allowed > worst[0] / worst[1]:
            worst = (busy, allowed)
        ready[function] = min(allowed, busy + quotas.scaling)
    return worst
