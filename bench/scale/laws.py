"""The maximum throughput of a closed system: the operational laws of queueing (Denning and Buzen, 1978)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Station:
    """A resource that requests wait for.

    Attributes:
        name: name in tables.
        demand: seconds of it that a request takes.
        servers: how many requests it serves at once.
    """

    name: str
    demand: float
    servers: int


def throughput(clients: int, latency: float, stations: Sequence[Station]) -> float:
    """Return the maximum requests per second of these clients, each of which sends the next after a response.

    Args:
        clients: how many.
        latency: seconds of a request without other load.
        stations: what requests wait for.
    """
    return min(clients / latency, *(station.servers / station.demand for station in stations if station.demand))


def bottleneck(stations: Sequence[Station]) -> Station:
    """Return the station that is saturated first."""
    return max(stations, key=lambda station: station.demand / station.servers)
