"""`make logs`: the log lines of the functions of the running local stack, as they come.

`FUNCTION` limits them to a function (`users/get`, or its name in the templates), `CORRELATION` to a request and what
followed from it: what an invocation prints belongs to its correlation id. `ONCE=1` ends after what is there already.
`JSON=1` prints each line as it was logged. It works on the local AWS's CloudWatch Logs and needs nothing else.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local import inside
from local.account import Account
from local.invoke import find as find_function
from local.seed.connection import find as find_stack
from local.stack import Stack
from local.terminal import Stopped, colored, complain

POLL_SECONDS = 0.5
BEFORE_MINUTES = 30
OVERLAP_MILLISECONDS = 5_000
"""By so much a line may become visible after its time."""
COLORS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red", "DEBUG": "dim"}
NAME_WIDTH = 26

type Event = Mapping[str, Any]


class Logs:
    """The log of a stack; each line is returned once.

    Args:
        function: the logical id of the function, without its stack; empty for all.
        correlation: the correlation id; empty for all.
    """

    def __init__(self, account: Account, stack: Stack, function: str, correlation: str) -> None:
        self._account, self._stack = account, stack
        self._function, self._correlation = function, correlation
        self._since = int((time.time() - BEFORE_MINUTES * 60) * 1000)
        self._seen: set[str] = set()

    def new(self) -> list[tuple[inside.LogLine, str]]:
        """Return the lines that have come since the last time, oldest first, each with its text as it was logged."""
        found = inside.log_events(self._account, self._since)
        new = [event for event in found if _invocation(event) not in self._seen]
        self._since = max(self._since, int(time.time() * 1000) - OVERLAP_MILLISECONDS)
        self._seen = {_invocation(event) for event in found if event["timestamp"] >= self._since}
        lines = [(inside.log_line(event, self._stack), event["message"]) for event in self._about(new)]
        return [(line, text) for line, text in lines if self._function in {"", line.function}]

    def _about(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events of the invocations that name the correlation id."""
        events = list(events)
        named = {_invocation(event) for event in events if f'"{self._correlation}"' in event["message"]}
        for event in events:
            if not self._correlation or _invocation(event) in named:
                yield event


def _invocation(event: Event) -> str:
    """Return which invocation has logged an event: the local AWS writes a stream for each, whole, when it has ended."""
    return str(event["logStreamName"]).partition("[")[2]


def main() -> int:
    """Return the exit code: 0 if it was interrupted or has shown what there is, 1 if no stack runs."""
    arguments = _arguments()
    try:
        function = find_function(arguments.function).path.rpartition("/")[2] if arguments.function else ""
        url, described = find_stack(os.environ.get("PORT") or None)
        logs = Logs(Account.of(described), Stack("", None, described["resources"]), function, arguments.correlation)
        if not arguments.once and sys.stdout.isatty():
            print(colored(f"following the functions of {url}: Ctrl-C ends", "dim", sys.stdout), flush=True)
        _follow(logs, once=arguments.once, as_json=arguments.json)
    except inside.UNREACHABLE:
        complain("stopped: the stack has ended")
        return 1
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        sys.stderr.close()  # Python would complain that the reader of a pipe has left
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make logs", description=__doc__)
    parser.add_argument("--function", default="")
    parser.add_argument("--correlation", default="")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _follow(logs: Logs, *, once: bool, as_json: bool) -> None:
    while True:
        for line, text in logs.new():
            print(text if as_json else _shown(line), flush=True)
        if once:
            return
        time.sleep(POLL_SECONDS)


def _shown(line: inside.LogLine) -> str:
    at = colored(line.at[11:23], "dim", sys.stdout)
    name = colored(f"{line.function.removesuffix('Function'):<{NAME_WIDTH}}", "cyan", sys.stdout)
    level = colored(f"{line.level or 'print':<8}", COLORS.get(line.level, "plain"), sys.stdout)
    facts = colored(line.facts, "dim", sys.stdout)
    return f"{at} {name} {level} {line.message}  {facts}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
