"""Many changes of users in a short time, made by the domain's own services on the data of a running stack.

`python -m tests.faults.burst PORT PREFIX USERS CHANGES` prints, as JSON, how long it took and the events of each
user in the order in which they were committed. It is a process of its own because `lamina` takes on the settings of the
stack when it is imported.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from pynamodb.exceptions import PynamoDBException

from local.seed.connection import connect
from tests.support.stack import ROOT, RunningStack

THREADS = 8
ATTEMPTS = 5


@dataclass(frozen=True)
class Committed:
    """What a burst has done.

    Attributes:
        seconds: from the first change to the last.
        events: ids by user, in the order of their commits.
    """

    seconds: float
    events: Mapping[str, list[str]]

    @property
    def ids(self) -> list[str]:
        """Ids of all events."""
        return list(chain.from_iterable(self.events.values()))


@dataclass
class Burst:
    """A burst under way."""

    process: subprocess.Popen[bytes]
    output: Path

    def is_over(self) -> bool:
        """Whether all is committed."""
        return self.process.poll() is not None

    def committed(self) -> Committed:
        """Wait for its end."""
        assert self.process.wait() == 0
        found: dict[str, Any] = json.loads(self.output.read_text(encoding="ascii"))
        return Committed(**found)


@contextmanager
def burst(stack: RunningStack, prefix: str, *, users: int, changes: int, **environment: str) -> Iterator[Burst]:
    """Begin a burst: so many users, and of each, making it included, so many changes."""
    command = [sys.executable, "-m", "tests.faults.burst", str(stack.port), prefix, str(users), str(changes)]
    # Into a file: a pipe that nobody reads while the burst goes on would hold it up.
    with tempfile.NamedTemporaryFile(prefix="lamina-burst-") as output:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=output)
        try:
            yield Burst(process, Path(output.name))
        finally:
            process.kill()
            process.wait()


def main(port: str, prefix: str, users: int, changes: int) -> None:
    """Create users, change each, and print the result."""
    connect(port)
    # Only now: `lamina` reads its settings when it is imported.
    from lamina.errors import Unavailable
    from lamina.events.outbox import OutboxItem
    from lamina.events.request_context import RequestContext
    from lamina.users import service
    from lamina.users.service import NewUser

    context = RequestContext(None, "burst")

    def insist[Result](work: Callable[[], Result]) -> Result:
        """Do as a client does that is told 503: a table that throttles has done nothing."""
        for _ in range(ATTEMPTS):
            try:
                return work()
            except (PynamoDBException, Unavailable):
                continue
        return work()

    def live(number: int) -> str:
        name = f"{prefix}{number:04}"
        new = NewUser(email=f"{name}@example.com", username=name, name=name)
        user = insist(lambda: service.create(new, context))
        for age in range(1, changes):
            insist(partial(service.update, user.id, {"age": age % 120}, context, if_version=lambda _: True))
        return user.id

    begun = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(live, range(users)))
    seconds = time.monotonic() - begun
    outbox = {
        user_id: OutboxItem.query(f"USER#{user_id}", OutboxItem.sk.startswith("EVENT#"), consistent_read=True)
        for user_id in made
    }
    events = {user_id: [event.event_id for event in found] for user_id, found in outbox.items()}
    print(json.dumps({"seconds": seconds, "events": events}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
