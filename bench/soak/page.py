"""`docs/performance/soak.md`: the page, and what must not grow."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench import ROOT
from bench.rounds import machine
from bench.soak.samples import MEGABYTE, Latency, Sample

PAGE = ROOT / "bench" / "pages" / "soak.md"
FILE = ROOT / "docs" / "performance" / "soak.md"
MINUTES = 30
GROWTH = 1.1
"""By how much memory may differ between the middle and the last third: some is taken late, for what is rare."""
ITEM_BYTES = 20_000
"""What a new item may take of the local AWS, which holds tables and executions in memory."""
SLOWER = 1.5
"""By how much the 99th percentile may: there are a few hundred requests in ten seconds on a machine that is shared."""
ROWS = 6
STEADY = (
    "From the middle third to the last one, nothing else grew by more than a tenth, and p99 by no more than a half."
)
COLUMNS = (
    "minutes",
    "requests a second",
    "p50, ms",
    "p99, ms",
    "front, MB",
    "local AWS, MB",
    "functions",
    "their memory, MB",
    "temporary files",
    "items",
)


@dataclass(frozen=True)
class Soak:
    """What was measured."""

    minutes: float
    people: int
    samples: Sequence[Sample]
    latencies: Sequence[Latency]


def render(soak: Soak) -> str:
    """Return the page."""
    found = problems(soak)
    return PAGE.read_text(encoding="utf-8").format(
        people=soak.people,
        minutes=soak.minutes,
        measured=datetime.now(UTC).isoformat(timespec="minutes"),
        cores=machine()["cores"],
        processor=machine()["processor"],
        table="\n".join([f"| {' | '.join(COLUMNS)} |", f"|{' ---: |' * len(COLUMNS)}", *_rows(soak)]),
        grown=_most_grown(soak),
        each=_per_item(soak),
        verdict=f"Between the middle third and the last one: {'; '.join(found)}." if found else STEADY,
    )


def problems(soak: Soak) -> list[str]:
    """Return what was more in the last third than it may be, compared with the middle one."""
    found = []
    for name, of in (("memory of the front", _front), ("temporary files", _files)):
        before, after = _thirds(soak, of)
        if after > before * GROWTH:
            found.append(f"{name}: {before:,.0f} to {after:,.0f}")
    if (each := _per_item(soak)) > ITEM_BYTES:
        found.append(f"memory of the local AWS for each new item: {each:,.0f} bytes")
    before, after = _slowest(soak)
    if after > before * SLOWER:
        found.append(f"p99: {before:.0f} to {after:.0f} ms")
    if (grown := _most_grown(soak)) > GROWTH:
        found.append(f"a process of a function grew to {grown:.2f} times")
    return found


def _rows(soak: Soak) -> Iterator[str]:
    width = soak.minutes * 60 / ROWS
    for number in range(ROWS):
        samples = [each for each in soak.samples if number * width <= each.seconds < (number + 1) * width]
        times = [each for each in soak.latencies if number * width <= each.seconds < (number + 1) * width]
        if not samples or not times:
            continue
        last = samples[-1]
        cells = (
            f"{number * width / 60:.0f}–{(number + 1) * width / 60:.0f}",
            f"{statistics.median(each.requests for each in times):.1f}",
            f"{statistics.median(each.p50 for each in times):.0f}",
            f"{statistics.median(each.p99 for each in times):.0f}",
            f"{last.front / MEGABYTE:.0f}",
            f"{last.aws / MEGABYTE:.0f}",
            f"{len(last.functions)}",
            f"{sum(last.functions.values()) / MEGABYTE:.0f}",
            f"{last.files:,}",
            f"{last.items:,}",
        )
        yield f"| {' | '.join(cells)} |"


def _front(sample: Sample) -> float:
    return sample.front


def _files(sample: Sample) -> float:
    return sample.files


def _per_item(soak: Soak) -> float:
    """Return by how many bytes the local AWS grew for each item that was added, from the middle third to the last."""
    memory, items = _thirds(soak, lambda sample: sample.aws), _thirds(soak, lambda sample: sample.items)
    return (memory[1] - memory[0]) / max(1, items[1] - items[0])


def _thirds(soak: Soak, of: Callable[[Sample], float]) -> tuple[float, float]:
    """Return the medians of a figure in the middle and in the last third."""
    third = soak.minutes * 60 / 3
    middle = [of(each) for each in soak.samples if third <= each.seconds < 2 * third]
    last = [of(each) for each in soak.samples if each.seconds >= 2 * third]
    return statistics.median(middle), statistics.median(last)


def _slowest(soak: Soak) -> tuple[float, float]:
    third = soak.minutes * 60 / 3
    middle = [each.p99 for each in soak.latencies if third <= each.seconds < 2 * third]
    last = [each.p99 for each in soak.latencies if each.seconds >= 2 * third]
    return statistics.median(middle), statistics.median(last)


def _most_grown(soak: Soak) -> float:
    """Return to how many times its memory that process of a function grew that grew most from the middle to the end."""
    middle, last = soak.samples[len(soak.samples) // 2], soak.samples[-1]
    shared = middle.functions.keys() & last.functions.keys()
    return max((last.functions[process] / middle.functions[process] for process in shared), default=1.0)
