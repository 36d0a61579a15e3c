"""The local AWS, or everything, is restarted: orders in mid-saga end, and clients of subscriptions receive again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, SEED_PASSWORD, Inside, register
from tests.e2e.test_realtime_clients import QUERY, connections, rename, url, wait_until_subscribed
from tests.faults.cloud import Cloud, wait_until
from tests.faults.test_orders import Provider, agree, drive_on, ended, make_customers, make_product, place, read
from tests.support.stack import ROOT, RunningStack, free_port, start
from tests.support.subscribing import subscribed

pytestmark = pytest.mark.xdist_group("faults")

CUSTOMERS, ORDERS = 4, 20
SECONDS = 600
RESTART_SECONDS = 120


@dataclass
class Lasting:
    """A stack that keeps its data in a folder.

    Attributes:
        state: the folder.
        port: of its front.
    """

    state: Path
    port: int = field(default_factory=free_port)
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start it, and wait until it serves."""
        self.running: RunningStack = self._running.enter_context(start(self.state, self.port))
        self.running.wait_for("ready", RESTART_SECONDS * 4)

    def stop(self) -> None:
        """Stop it, front and all."""
        self._running.close()

    def restart(self) -> None:
        """Stop everything, and start it again."""
        self.stop()
        self.start()

    def restart_aws(self) -> None:
        """Let the local AWS save its state and exit; the front starts it again."""
        seen = len(self.running.lines)
        os.kill(next(pid for pid in self.running.processes() if _runs_aws(pid)), signal.SIGTERM)
        self.running.wait_for("ready again", RESTART_SECONDS, after=seen)


def _runs_aws(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-m", b"local.aws"]


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lasting]:
    found = Lasting(tmp_path_factory.mktemp("lasting") / "state")
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.fixture
def product(lasting: Lasting) -> str:
    environment = {**os.environ, "PORT": str(lasting.port), "SEED_PASSWORD": SEED_PASSWORD}
    subprocess.run([sys.executable, "-m", "local.seed"], cwd=ROOT, env=environment, check=True)
    return make_product(lasting.running)


def test_orders_in_mid_saga_end_after_a_restart_of_the_local_aws(
    lasting: Lasting, product: str, capsys: pytest.CaptureFixture[str]
) -> None:
    customers = make_customers(lasting.running, CUSTOMERS)
    provider, cloud = Provider(lasting.running), Cloud(lasting.running)
    provider.set_faults(losses=2, errors=60)  # each charge is tried again after a pause, so that orders are under way
    placed = [place(customers[number % CUSTOMERS], product, number) for number in range(ORDERS)]
    going_on = sum(not ended(order) for order in read(placed))
    lasting.restart_aws()
    left = sum(not ended(order) for order in read(placed))
    took = wait_until(lambda: drive_on(cloud, read(placed)), "every order has ended", SECONDS)
    facts = agree(read(placed), provider, lasting.running, product)
    facts |= {"going on at the restart": going_on, "and after it": left, "seconds until settled": round(took)}
    with capsys.disabled():
        print("\norders: " + ", ".join(f"{name} {value}" for name, value in sorted(facts.items())))
    assert going_on > 0


@pytest.mark.parametrize("restart", [Lasting.restart_aws, Lasting.restart], ids=["local-aws", "everything"])
def test_npms_graphql_ws_receives_again_after_a_restart(lasting: Lasting, restart: Callable[[Lasting], None]) -> None:
    anyone = Client(lasting.port, set())
    person = register(anyone)
    user = anyone.signed_in(person["email"], PASSWORD)
    with subscribed(url(lasting.running), user.token, QUERY, {"id": person["id"]}) as subscriber:
        subscriber.wait_for("connected")
        wait_until_subscribed(Inside(lasting.running.url), person["id"])
        before = connections(Inside(lasting.running.url), person["id"])
        restart(lasting)
        inside = Inside(lasting.running.url)
        subscriber.wait_for("closed")
        subscriber.wait_for("connected", RESTART_SECONDS)
        wait_until_subscribed(inside, person["id"], before)
        rename(user, "After the restart")
        assert subscriber.wait_for("next", RESTART_SECONDS)["data"]["userUpdated"]["name"] == "After the restart"
