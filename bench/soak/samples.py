"""What is seen of a running stack at a moment: memory by kind of process, and temporary files."""

import csv
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.stack import children

KILOBYTE = 1024
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Sample:
    """A moment.

    Attributes:
        seconds: since the beginning.
        front: bytes of the process that serves the front.
        aws: bytes of the local AWS.
        functions: bytes of each process of a function, by its id.
        files: number of files in the stack's folder for temporary ones.
        items: number of items in the table, which the local AWS holds in memory.
    """

    seconds: float
    front: int
    aws: int
    functions: dict[int, int]
    files: int
    items: int

    def __str__(self) -> str:
        functions = f"{len(self.functions)} functions {sum(self.functions.values()) / MEGABYTE:.0f} MB"
        return (
            f"{self.seconds:5.0f} s: front {self.front / MEGABYTE:.0f} MB, local AWS {self.aws / MEGABYTE:.0f} MB, "
            f"{functions}, {self.files} files, {self.items:,} items"
        )


@dataclass(frozen=True)
class Latency:
    """The latencies of the last seconds, at a moment.

    Attributes:
        seconds: since the beginning.
        requests: a second.
        p50: milliseconds.
        p99: milliseconds.
    """

    seconds: float
    requests: float
    p50: float
    p99: float


def take(supervisor: int, seconds: float, state: Path, items: int) -> Sample:
    """Return what is seen of a stack now.

    Args:
        supervisor: id of its first process.
        seconds: since the beginning.
        state: its folder.
        items: number of items in its table.
    """
    aws = next(child for child in children(supervisor) if "local.aws" in _command(child))
    functions = {child: memory for child in _below(aws) if (memory := _memory(child))}
    files = sum(1 for path in (state / "tmp").rglob("*") if path.is_file())
    return Sample(seconds, _memory(supervisor), _memory(aws), functions, files, items)


def read_latencies(file: Path) -> list[Latency]:
    """Return Locust's history of all requests together; its percentiles are of the last ten seconds."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["Name"] == "Aggregated" and row["99%"] != "N/A"]
    begun = float(rows[0]["Timestamp"])
    return [
        Latency(float(row["Timestamp"]) - begun, float(row["Requests/s"]), float(row["50%"]), float(row["99%"]))
        for row in rows
    ]


def _below(process: int) -> Iterator[int]:
    for child in children(process):
        yield child
        yield from _below(child)


def _command(process: int) -> list[str]:
    return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8").split("\0")


def _memory(process: int) -> int:
    """Return the resident bytes of a process; 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * KILOBYTE
    return 0
