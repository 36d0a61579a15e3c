"""What half an hour of use must leave as it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.soak.page import Soak, problems, render
from bench.soak.samples import Latency, Sample, read_latencies

STEADY = Soak(
    minutes=30,
    people=10,
    samples=[
        Sample(seconds, 100_000_000, 200_000_000, {1: 50_000_000}, 800, seconds * 10) for seconds in range(0, 1800, 30)
    ],
    latencies=[Latency(seconds, 7, 50, 200) for seconds in range(0, 1800, 10)],
)


def test_what_is_steady_is_no_problem() -> None:
    assert problems(STEADY) == []
    assert render(STEADY).count("\n| ") == 8  # the head of the table, and six parts


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"front": 120_000_000}, "memory of the front: 100,000,000 to 120,000,000"),
        ({"aws": 430_000_000}, "memory of the local AWS for each new item"),
        ({"files": 900}, "temporary files: 800 to 900"),
        ({"functions": {1: 60_000_000}}, "a process of a function grew to 1.20 times"),
    ],
)
def test_what_grows_is_named(changes: dict[str, int], named: str) -> None:
    samples = [replace(each, **changes) if each.seconds >= 1200 else each for each in STEADY.samples]  # type: ignore[arg-type]
    (problem,) = problems(replace(STEADY, samples=samples))
    assert problem.startswith(named)


def test_what_becomes_slower_is_named() -> None:
    slower = [replace(each, p99=400) if each.seconds >= 1200 else each for each in STEADY.latencies]
    assert problems(replace(STEADY, latencies=slower)) == ["p99: 200 to 400 ms"]


def test_the_history_of_locust_is_read_for_all_requests_together(tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text(
        "Timestamp,Name,Requests/s,50%,99%\n"
        "1000,Aggregated,0,N/A,N/A\n1001,Aggregated,2.5,40,90\n1001,GET /v1/posts,1,30,70\n1011,Aggregated,7,50,200\n",
        encoding="utf-8",
    )
    assert read_latencies(history) == [Latency(0, 2.5, 40, 90), Latency(10, 7, 50, 200)]
