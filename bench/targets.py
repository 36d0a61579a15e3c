"""What Lamina has to reach, and whether it did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.build.contenders import BARE, OURS

MB = 1_000_000


@dataclass(frozen=True)
class Target:
    """One figure of ours that has an upper bound.

    Attributes:
        name: what it is.
        at_most: its bound.
        unit: of both: `×` for a ratio of medians, `MB` for bytes.
        figure: the name of the figure, of a GET.
        against: the contender whose figure ours is divided by, if any.
    """

    name: str
    at_most: float
    unit: str
    figure: str
    against: str = ""

    def measured(self, found: Mapping[str, Any]) -> float:
        """Compute it from what a run found, by contender."""
        own = _of(found[OURS], self.figure)
        return own / _of(found[self.against], self.figure) if self.against else own / MB


def _of(contender: Mapping[str, Any], figure: str) -> float:
    if figure in contender["sizes"]:
        return float(contender["sizes"][figure])
    return float(contender["requests"]["GET"][figure]["value"])


TARGETS = (
    Target("cold GET, against FastAPI + Mangum as shipped", 0.33, "×", "cold", "fastapi"),
    Target("cold GET, against the Powertools resolver as shipped", 0.42, "×", "cold", "powertools"),
    Target("cold GET, against bare boto3 as shipped", 0.70, "×", "cold", BARE),
    Target("CPU of a warm GET with its table call, against bare boto3", 1.20, "×", "cpu", BARE),
    Target("CPU of a warm GET with its table call, against FastAPI", 0.95, "×", "cpu", "fastapi"),
    Target("memory after 1,000 GETs", 56, "MB", "memory"),
    Target("unzipped size of a read function with its layers", 30, "MB", "unzipped"),
)
