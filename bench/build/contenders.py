"""The contenders of the benchmark."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bench.build import ours, peers
from bench.build.packages import Package
from bench.requests import PLACES, SHARED, Work

OURS = "lamina"
BARE = "boto3"


@dataclass(frozen=True)
class Contender:
    """An implementation of the requests.

    Attributes:
        name: identifier.
        title: name in tables and pictures.
        functions: its package for each kind of request that it serves; peers have one function for all.
    """

    name: str
    title: str
    functions: Mapping[Work, Package]


def build(only: Collection[str] = ()) -> list[Contender]:
    """Build all contenders: ours, each peer as shipped, each peer with our packaging.

    Args:
        only: names of those to build; all if empty. Ours and the bare one are always built, for comparison.
    """
    wanted = {*only, OURS, BARE}
    found = [Contender(OURS, "Lamina", {work: ours.package(place) for work, place in PLACES.items()})]
    for peer in peers.ALL:
        for name, title, make in (
            (peer.name, peer.title, peers.as_shipped),
            (f"{peer.name}-tuned", f"{peer.title}, tuned", peers.tuned),
        ):
            if not only or name in wanted:
                found.append(Contender(name, title, dict.fromkeys(SHARED, make(peer))))
    return found
