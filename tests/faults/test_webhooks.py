"""Endpoints that behave badly: each event arrives there once in effect when they are well, and elsewhere at once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, register
from tests.faults.cloud import Cloud, event, wait_until
from tests.faults.figures import Report, figures
from tests.support.receiver import Behaviour, Received, Receiver, after, answer, never, receiver
from tests.support.stack import RunningStack

pytestmark = pytest.mark.xdist_group("faults")

EVENTS, DELIVERIES = "Async/Dispatch/Queue", "Async/Deliveries/Queue"
DISPATCHER, SENDER = "Async/DispatchWebhooksFunction", "Async/DeliverWebhooksFunction"
SCHEDULE = "Async/WakeDeliveriesFunction"
LATER_SECONDS = 10.0
"""How much later than without its neighbours an endpoint may be told, on a machine that is busy with other tests."""
GIGABYTE = 1024 * 1024 * 1024


@dataclass
class Owner:
    """Somebody with a webhook, and what happens to them."""

    client: Client
    id: str
    path: str
    webhook_id: str
    cloud: Cloud

    def happen(self, count: int) -> list[dict[str, Any]]:
        """Let so many things happen, told to the dispatcher as the bus does."""
        made = [event("user.updated", self.id, number=number) for number in range(count)]
        self.cloud.send(EVENTS, made)
        return made

    def deliveries(self, status: str = "") -> list[dict[str, Any]]:
        """The newest deliveries."""
        query = f"&status={status}" if status else ""
        found: list[dict[str, Any]] = self.client.get(
            f"/v1/webhooks/{self.webhook_id}/deliveries?limit=100{query}"
        ).data
        return found


@pytest.fixture
def endpoints() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def owner_of(stack: RunningStack, cloud: Cloud, endpoints: Receiver) -> Callable[[str], Owner]:
    """Create a user with a webhook at a path."""
    anyone = Client(stack.port, set())

    return lambda path: _owner(anyone, cloud, endpoints, path)


def _owner(anyone: Client, cloud: Cloud, endpoints: Receiver, path: str) -> Owner:
    user = register(anyone)
    me = anyone.signed_in(user["email"], PASSWORD)
    made = me.post("/v1/webhooks", {"url": endpoints.url(path), "events": ["user.updated"]})
    assert made.status == 201, made.body
    return Owner(me, user["id"], path, made.data["id"], cloud)


def ids_of(received: list[Received]) -> list[str]:
    return [each.headers["webhook-id"] for each in received]


def hurry(cloud: Cloud) -> None:
    """Do what the schedule does each minute."""
    cloud.client("lambda").invoke(FunctionName=cloud.resources[SCHEDULE], Payload=b"{}")


def is_idle(cloud: Cloud) -> bool:
    """Whether no delivery waits to be looked at; retries of other tests' endpoints may be minutes away."""
    depth = cloud.depth(DELIVERIES)
    return depth["waiting"] == depth["hidden"] == 0


def wait_for_all(cloud: Cloud, endpoints: Receiver, path: str, since: float, count: int, seconds: float) -> float:
    """Wait until so many different events have come to an endpoint since an instant."""

    def all_here() -> bool:
        hurry(cloud)
        return len({*ids_of([each for each in endpoints.at(path) if each.at >= since])}) >= count

    return wait_until(all_here, f"{count} events have come to {path}", seconds)


def slowest(endpoints: Receiver, path: str, begun: float) -> float:
    return max(each.at for each in endpoints.at(path)) - begun


@pytest.fixture(scope="module")
def usual(stack: RunningStack, cloud: Cloud) -> float:
    """Seconds until an endpoint has 20 events when all are well, and every function is warm."""
    anyone = Client(stack.port, set())
    with receiver() as running:
        running.behaviours["/warm"] = after(1, answer(204))
        _owner(anyone, cloud, running, "/warm").happen(20)
        running.wait_for("/warm", 20, 120)
        owner = _owner(anyone, cloud, running, "/usual")
        begun = time.time()
        owner.happen(20)
        running.wait_for("/usual", 20, 120)
        return slowest(running, "/usual", begun)


@pytest.mark.parametrize(("bad", "seconds"), [(never, 6.0), (answer(500, b"no"), 0.5)], ids=["hangs", "answers 500"])
def test_an_endpoint_that_is_ill_and_heals(
    owner_of: Callable[[str], Owner],
    endpoints: Receiver,
    cloud: Cloud,
    report: Report,
    usual: float,
    bad: Behaviour,
    seconds: float,
) -> None:
    ill, well = owner_of("/ill"), owner_of("/well")
    endpoints.behaviours["/ill"] = bad
    begun = time.time()
    event, others = ill.happen(20), well.happen(20)
    endpoints.wait_for("/ill", 3, 60)
    # Until those have failed, and before they are tried again: what fails twice comes again in five minutes.
    time.sleep(seconds)
    while_ill = len(endpoints.at("/ill"))
    endpoints.behaviours["/ill"] = answer(204)
    healed = time.time()
    endpoints.wait_for("/well", 20, 60)
    delay = slowest(endpoints, "/well", begun)
    took = wait_for_all(cloud, endpoints, "/ill", healed, 20, 180)
    taken = [each for each in endpoints.at("/ill") if each.at >= healed]
    counted = figures([each["id"] for each in [*event, *others]], [*ids_of(taken), *ids_of(endpoints.at("/well"))])
    report(
        counted,
        requests_while_it_was_ill=while_ill,
        seconds_until_all_had_arrived_once_well=took,
        slowest_seconds_at_the_other=delay,
        usual_seconds=usual,
    )
    assert (counted.duplicates, counted.lost) == (0, 0)
    assert while_ill < 12
    assert delay < usual + LATER_SECONDS


def test_an_endpoint_that_redirects_inside_is_not_followed(
    owner_of: Callable[[str], Owner], endpoints: Receiver, report: Report
) -> None:
    evil, well = owner_of("/evil"), owner_of("/well")
    endpoints.behaviours["/evil"] = answer(307, Location=endpoints.url("/inside"))
    metadata = owner_of("/metadata")
    endpoints.behaviours["/metadata"] = answer(302, Location="http://169.254.169.254/latest/meta-data/")
    begun = time.time()
    evil.happen(3)
    metadata.happen(3)
    event = well.happen(20)
    endpoints.wait_for("/well", 20, 60)
    endpoints.wait_for("/evil", 3, 30)
    endpoints.wait_for("/metadata", 3, 30)
    wait_until(lambda: all(each["attempts"] for each in metadata.deliveries()), "the requests are in the log", 20)
    counted = figures([each["id"] for each in event], ids_of(endpoints.at("/well")))
    report(counted, slowest_seconds_at_the_other=slowest(endpoints, "/well", begun))
    assert endpoints.at("/inside") == []
    for owner, status in ((evil, 307), (metadata, 302)):
        for delivery in owner.deliveries():
            assert {attempt["status"] for attempt in delivery["attempts"]} == {status}
            assert delivery["status"] == "pending"
    assert (counted.duplicates, counted.lost) == (0, 0)


def test_an_endpoint_that_sends_a_gigabyte(
    owner_of: Callable[[str], Owner], endpoints: Receiver, report: Report
) -> None:
    flooding, well = owner_of("/flood"), owner_of("/well")
    sent: list[int] = []

    def flood(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(GIGABYTE))
        request.end_headers()
        block = b"x" * 65536
        for _ in range(GIGABYTE // len(block)):
            request.wfile.write(block)
            sent.append(len(block))

    endpoints.behaviours["/flood"] = flood
    begun = time.time()
    event = flooding.happen(5) + well.happen(20)
    endpoints.wait_for("/well", 20, 60)
    endpoints.wait_for("/flood", 5, 60)
    wait_until(lambda: len(flooding.deliveries("succeeded")) == 5, "the flood is over", 20)
    received = [*endpoints.at("/flood"), *endpoints.at("/well")]
    counted = figures([each["id"] for each in event], ids_of(received))
    report(counted, megabytes_taken=sum(sent) / 1e6, slowest_seconds_at_the_other=slowest(endpoints, "/well", begun))
    assert (counted.duplicates, counted.lost) == (0, 0)
    assert sum(sent) < 5 * 16 * 1024 * 1024
    assert {len(each["attempts"][0]["answer"]) for each in flooding.deliveries()} == {1024}


def test_the_same_event_twice_and_the_same_message_twice(
    owner_of: Callable[[str], Owner], endpoints: Receiver, cloud: Cloud, report: Report
) -> None:
    twice = owner_of("/twice")
    # A twin waits until whoever works on the other must have ended: with the timeout of the template, a minute.
    with cloud.configured(DISPATCHER, timeout=5):
        event = twice.happen(20)
        cloud.send(EVENTS, event)
        endpoints.wait_for("/twice", 20, 60)
        wait_until(lambda: len(twice.deliveries("succeeded")) == 20, "all have arrived", 20)
        place = f'{{"webhook_id": "{twice.webhook_id}", "delivery_id": "%s"}}'
        cloud.send(DELIVERIES, [place % each["id"] for each in twice.deliveries()] * 2)
        wait_until(lambda: cloud.is_empty(EVENTS) and is_idle(cloud), "nothing is left to do", 60)
    counted = figures([each["id"] for each in event], ids_of(endpoints.at("/twice")))
    report(counted)
    assert (counted.duplicates, counted.lost) == (0, 0)


def test_a_slow_endpoint_with_a_backlog_holds_up_nobody_else(
    owner_of: Callable[[str], Owner], endpoints: Receiver, cloud: Cloud, report: Report, usual: float
) -> None:
    slow, well = owner_of("/slow"), owner_of("/well")
    endpoints.behaviours["/slow"] = after(2, answer(200))
    begun = time.time()
    event = slow.happen(40)
    endpoints.wait_for("/slow", 1, 30)
    later = time.time()
    others = well.happen(20)
    endpoints.wait_for("/well", 20, 60)
    delay = slowest(endpoints, "/well", later)
    wait_for_all(cloud, endpoints, "/slow", begun, 40, 120)
    took = slowest(endpoints, "/slow", begun)
    received = [*endpoints.at("/slow"), *endpoints.at("/well")]
    counted = figures([each["id"] for each in [*event, *others]], ids_of(received))
    report(
        counted,
        seconds_for_the_slow_one=took,
        most_requests_to_it_at_once=endpoints.most_at_once["/slow"],
        slowest_seconds_at_the_other=delay,
        usual_seconds=usual,
    )
    assert (counted.duplicates, counted.lost) == (0, 0)
    assert endpoints.most_at_once["/slow"] <= 4
    assert delay < usual + LATER_SECONDS


def test_the_sender_killed_in_the_middle_of_requests(
    owner_of: Callable[[str], Owner], endpoints: Receiver, cloud: Cloud, report: Report
) -> None:
    owner = owner_of("/killed")
    endpoints.behaviours["/killed"] = never
    event = owner.happen(8)
    endpoints.wait_for("/killed", 3, 30)
    killed = cloud.kill(SENDER)
    # What the dead have sent may still be on its way, and is theirs.
    wait_until(lambda: endpoints.is_quiet("/killed", 0.5), "the requests of the dead have come and ended", 30)
    died = time.time()
    endpoints.behaviours["/killed"] = answer(204)
    took = wait_for_all(cloud, endpoints, "/killed", died, 8, 150)
    taken = [each for each in endpoints.at("/killed") if each.at >= died]
    counted = figures([each["id"] for each in event], ids_of(taken))
    report(counted, processes_killed=killed, seconds_until_all_had_arrived=took)
    assert killed
    assert (counted.duplicates, counted.lost) == (0, 0)
