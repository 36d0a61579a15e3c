"""`python -m bench`: measures all contenders and writes `docs/performance/`; `--fast` runs fewer rounds."""

import argparse
import subprocess
import sys
from datetime import UTC, datetime

from bench import ROOT, agreement, engine, rounds, units
from bench.build import contenders
from bench.page import show, write
from bench.progress import end_in_order, say, step
from bench.results import FOLDER, digest, save
from bench.rounds import Plan

FAST = Plan(cold=6, fleets=1, warm=1000)


def main() -> int:
    """Measure, and write the results."""
    end_in_order()
    arguments = _arguments()
    if reason := engine.missing():
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    plan = FAST if arguments.fast else Plan()
    say("about 3 minutes" if arguments.fast else "about 15 minutes on an idle machine")
    machine = rounds.machine()
    everybody = contenders.build(arguments.only)
    with engine.running() as running:
        agreement.store_users(running)
        with step("checking that all return the same responses and write the same items"):
            agreement.check(everybody, running)
        with step("measuring consumed capacity"):
            metered = units.measure(everybody, running)
        results = rounds.measure(everybody, running, plan)
    data = {
        "measured": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": machine,
        "plan": {"cold": plan.cold, "warm": plan.fleets * plan.warm},
        "contenders": digest(everybody, results, metered),
    }
    show(data)
    if not (arguments.fast or arguments.only):
        save(data)
        write(data, FOLDER)
        # In a process of its own, because it imports the code with the environment of the tests.
        subprocess.run([sys.executable, "-m", "bench.cost"], cwd=ROOT, check=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="run fewer rounds, and write nothing")
    parser.add_argument("--only", nargs="+", default=[], help="run only these peers (boto3-tuned, …); write nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
