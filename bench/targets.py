"""The performance targets, and whether they are met."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.build.contenders import BARE, OURS

MB = 1_000_000


@dataclass(frozen=True)
class Target:
    """A figure with an upper bound.

    Attributes:
        name: what it is.
        at_most: its bound.
        unit: of both: `×` for a ratio of medians, `MB` for bytes.
        figure: the name of the figure.
        against: the contender whose figure ours is divided by, if any.
        request: that is measured.
    """

    name: str
    at_most: float
    unit: str
    figure: str
    against: str = ""
    request: str = "GET"

    def measured(self, found: Mapping[str, Any]) -> float:
        """Return the figure, from the results by contender."""
        own = self._of(found[OURS])
        return own / self._of(found[self.against]) if self.against else own / MB

    def _of(self, contender: Mapping[str, Any]) -> float:
        if self.figure in contender["sizes"]:
            return float(contender["sizes"][self.figure])
        return float(contender["requests"][self.request][self.figure]["value"])


TARGETS = (
    Target("cold GET, against the Powertools resolver packaged as well", 0.95, "×", "cold", "powertools-tuned"),
    Target("cold GET, against FastAPI + Mangum packaged as well", 0.62, "×", "cold", "fastapi-tuned"),
    Target("CPU of a warm GET, against the Powertools resolver packaged as well", 0.68, "×", "cpu", "powertools-tuned"),
    Target("CPU of a warm GET, against bare boto3", 0.90, "×", "cpu", BARE),
    Target("CPU of a warm POST, against bare boto3", 0.95, "×", "cpu", BARE, "POST"),
    Target("cold GET, against bare boto3 as shipped", 0.52, "×", "cold", BARE),
    Target("cold GET, against the Powertools resolver as shipped", 0.31, "×", "cold", "powertools"),
    Target("cold GET, against FastAPI + Mangum as shipped", 0.24, "×", "cold", "fastapi"),
    Target("memory after 1,000 GETs", 52, "MB", "memory"),
    Target("unzipped size of a read function with its layers", 27, "MB", "unzipped"),
)
"""Targets against equally packaged peers come first: they compare the code, not the packaging."""
