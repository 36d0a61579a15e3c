"""What became of the events of a test: how many effects were seen, how many twice, how many never."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Figures:
    """Events that were sent, and what was seen of them."""

    sent: int
    seen: int
    duplicates: int
    lost: int

    def __str__(self) -> str:
        return f"{self.sent} events sent, {self.seen} effects seen, {self.duplicates} duplicates, {self.lost} lost"


def figures(expected: Iterable[Hashable], seen: Iterable[Hashable]) -> Figures:
    """Compare the effects that events should have with those that were seen, each told apart by what it is."""
    wanted, found = Counter(expected), Counter(seen)
    return Figures(
        sent=wanted.total(), seen=found.total(), duplicates=(found - wanted).total(), lost=(wanted - found).total()
    )


@dataclass(frozen=True)
class Report:
    """Prints figures past pytest's capture, so that they are in every log of a run."""

    name: str
    capture: pytest.CaptureFixture[str]

    def __call__(self, counted: Figures, **more: float) -> None:
        """Print figures, and measurements in seconds or pieces by name."""
        facts = "".join(f", {name.replace('_', ' ')} {value:g}" for name, value in more.items())
        with self.capture.disabled():
            print(f"\n{self.name}: {counted}{facts}")
