"""The measurement: contenders in turns, so that other load on the machine affects all equally."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.build.contenders import Contender
from bench.engine import Engine
from bench.environment import Environment, environment
from bench.progress import say
from bench.requests import Work, event

MEMORY_AFTER = 1000
"""GETs after which memory is read."""
CHUNK = 50
"""Warm calls of a contender per turn."""
TOLD = 4
"""Rounds of cold starts between two lines of progress."""
WARM_UP = 20
"""Calls of a fresh environment that are not counted: the first ones make connections and caches."""


@dataclass(frozen=True)
class Plan:
    """Numbers of measurements.

    Attributes:
        cold: cold starts of each contender and request.
        fleets: how often fresh environments are started for warm calls.
        warm: counted calls of each environment.
    """

    cold: int = 24
    fleets: int = 2
    warm: int = 1000


@dataclass
class Figures:
    """Measurements of a contender and request, in seconds and bytes.

    Attributes:
        cold: from the start of the process to the first response.
        init: from the start of the process until it requests an invocation, as reported by the emulator.
        warm: of each call.
        cpu: of the function's process for a call, by chunk of calls.
        memory: resident after 1,000 GETs.
        share: the proportional share of it.
    """

    cold: list[float] = field(default_factory=list)
    init: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)


type Results = dict[str, dict[Work, Figures]]


def measure(contenders: Sequence[Contender], engine: Engine, plan: Plan) -> Results:
    """Measure all contenders as planned, and print the progress."""
    results: Results = {each.name: {work: Figures() for work in each.functions} for each in contenders}
    begun = time.monotonic()
    for number in range(plan.cold):
        for contender, work in _turns(contenders, number):
            _start_cold(contender, work, engine, results[contender.name][work])
        if (number + 1) % TOLD == 0 or number + 1 == plan.cold:
            say(f"cold starts {number + 1} of {plan.cold}, {time.monotonic() - begun:.0f} s")
    for number in range(plan.fleets):
        for work in Work:
            _run_fleet([each for each in contenders if work in each.functions], work, engine, plan, results, number)
            say(f"warm {work}s, fleet {number + 1} of {plan.fleets}, {time.monotonic() - begun:.0f} s")
    return results


def _turns(contenders: Sequence[Contender], number: int) -> Iterator[tuple[Contender, Work]]:
    """Yield each contender once, starting with a different one in each round."""
    shift = number % len(contenders)
    for contender in (*contenders[shift:], *contenders[:shift]):
        for work in contender.functions:
            yield contender, work


def _start_cold(contender: Contender, work: Work, engine: Engine, figures: Figures) -> None:
    with environment(contender.functions[work], engine) as started:
        seconds, raw = started.invoke(event(work))
        check(contender, raw)
        figures.cold.append(seconds)
        figures.init.append(started.init_seconds())


def _run_fleet(
    contenders: Sequence[Contender], work: Work, engine: Engine, plan: Plan, results: Results, number: int
) -> None:
    """Start an environment for each contender, and call them in turns."""
    with ExitStack() as stack:
        fleet = {each.name: stack.enter_context(environment(each.functions[work], engine)) for each in contenders}
        for contender in contenders:
            for _ in range(WARM_UP):
                check(contender, fleet[contender.name].invoke(event(work))[1])
        for chunk in range(plan.warm // CHUNK):
            shift = (chunk + number) % len(contenders)
            for contender in (*contenders[shift:], *contenders[:shift]):
                _call(fleet[contender.name], work, results[contender.name][work])
        if work is Work.GET and plan.warm + WARM_UP >= MEMORY_AFTER:
            for contender in contenders:
                memory = fleet[contender.name].memory()
                results[contender.name][work].memory.append(memory["rss"])
                results[contender.name][work].share.append(memory["pss"])


def _call(started: Environment, work: Work, figures: Figures) -> None:
    events = [event(work) for _ in range(CHUNK)]
    before = started.cpu_seconds()
    for each in events:
        seconds, _ = started.invoke(each)
        figures.warm.append(seconds)
    figures.cpu.append((started.cpu_seconds() - before) / CHUNK)


def check(contender: Contender, raw: bytes) -> None:
    """Stop the run at a failed response; `raw` is what the function returned."""
    answer = json.loads(raw)
    # A field that fails is null in a GraphQL response with status 200.
    if answer.get("statusCode") not in (200, 201) or "errors" in json.loads(answer["body"]):
        raise RuntimeError(f"{contender.name} failed: {raw.decode()}")


def machine() -> dict[str, str]:
    """Return a description of the machine."""
    processor = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = {line.partition(":")[2].strip() for line in processor.splitlines() if line.startswith("model name")}
    load = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
    kernel = Path("/proc/sys/kernel/osrelease").read_text(encoding="ascii").strip()
    cores = str(processor.count("processor\t"))
    return {"processor": ", ".join(sorted(names)), "cores": cores, "kernel": kernel, "load before": load}
