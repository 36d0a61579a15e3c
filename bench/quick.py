"""`python -m bench.quick`: checks that need no idle machine, in less than two minutes; CI runs it.

Import sets and sizes are exact. CPU time is compared with the bare handler's, in turns, and has a margin.
"""

import argparse
import sys
from contextlib import ExitStack
from statistics import median

from bench import agreement, engine
from bench.build import contenders, ours
from bench.build.contenders import BARE, OURS
from bench.environment import environment
from bench.imports import heavy_imports, read_record, unwanted, write_record
from bench.progress import end_in_order, say, step
from bench.requests import Work, event
from bench.rounds import check
from bench.targets import MB, TARGETS

CHUNKS = 30
CHUNK = 20
WARM_UP = 40
MAX_MB = 30
"""Maximum size of a read function with its layers, unzipped: the current size and a margin."""
MARGIN = 1.15
"""Tolerance above the target: the medians of thirty pairs vary by less on a busy machine."""


def main() -> int:
    """Run all checks, and print the problems."""
    parser = argparse.ArgumentParser(prog="bench.quick", description=__doc__)
    parser.add_argument("--record", action="store_true", help="record the current imports as the allowed ones")
    arguments = parser.parse_args()
    end_in_order()
    if reason := engine.missing():
        say(f"nothing is measured: {reason}")
        return 0
    with step("importing every function"):
        found = heavy_imports()
    if arguments.record:
        write_record(found)
    problems = [*unwanted(found, read_record()), *_sizes(), *_cpu()]
    for problem in problems:
        print(f"bench: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _sizes() -> list[str]:
    sizes = ours.package("users/get").sizes()
    say(f"users/get takes {sizes['unzipped'] / MB:.1f} MB with its layers, {sizes['zipped'] / MB:.1f} MB zipped")
    most = next(target.at_most for target in TARGETS if target.figure == "unzipped")
    return [f"users/get is larger than {most:g} MB unzipped"] if sizes["unzipped"] > most * MB else []


def _cpu() -> list[str]:
    target = next(target for target in TARGETS if (target.figure, target.against) == ("cpu", BARE))
    with engine.running() as running:
        agreement.store_users(running)
        pairs = _pairs(contenders.build([BARE]), running)
    measured = median(own / bare for own, bare in pairs)
    say(f"a GET takes {measured:.2f} × the CPU time of a bare boto3 handler, {len(pairs)} pairs")
    allowed = target.at_most * MARGIN
    return [f"a GET takes more than {allowed:.2f} × the CPU time of a bare handler"] if measured > allowed else []


def _pairs(both: list[contenders.Contender], running: engine.Engine) -> list[tuple[float, float]]:
    """Measure CPU seconds of ours and of the bare handler for the same number of GETs, in turns."""
    get = event(Work.GET)
    spent: dict[str, list[float]] = {OURS: [], BARE: []}
    with ExitStack() as stack:
        started = {each.name: stack.enter_context(environment(each.functions[Work.GET], running)) for each in both}
        for contender in both:
            for _ in range(WARM_UP):
                check(contender, started[contender.name].invoke(get)[1])
        for _ in range(CHUNKS):
            for name, one in started.items():
                before = one.cpu_seconds()
                for _ in range(CHUNK):
                    one.invoke(get)
                spent[name].append(one.cpu_seconds() - before)
    return list(zip(spent[OURS], spent[BARE], strict=True))


if __name__ == "__main__":
    sys.exit(main())
