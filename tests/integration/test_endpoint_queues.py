"""Endpoints side by side, as the sender serves them: real requests, batches and threads; the queue is a list.

What the endpoints do to each other is measured: nobody who is well waits for somebody who is not.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest

from lamina import ids
from lamina.events.request_context import RequestContext
from lamina.settings import Settings, settings
from lamina.users import service as users
from lamina.users.model import User
from lamina.users.service import NewUser
from lamina.webhooks import queue, service, targets
from lamina.webhooks.delivering import attempt
from lamina.webhooks.dispatch import dispatch
from lamina.webhooks.queue import read_message
from lamina.webhooks.requeue_due import requeue_due
from lamina.webhooks.service import NewWebhook
from tests.integration.engines import Dynoxide, on_each
from tests.support.callers import acting
from tests.support.receiver import Behaviour, Receiver, after, answer, never, receiver

pytestmark = [
    pytest.mark.usefixtures("table"),
    # What endpoints do to each other is a matter of time, not of the engine: the fastest will do.
    pytest.mark.parametrize("engine", on_each([Dynoxide]), indirect=True),
]

CONTEXT = RequestContext(None, "test")
INVOCATIONS, BATCH = 5, 5
"""As on a laptop; on AWS there are many more invocations."""
LONGEST_SECONDS = 60.0


class Queue:
    """Brings messages to invocations in batches, each message of a batch in a thread; a batch ends with its slowest."""

    def __init__(self) -> None:
        self._messages: list[tuple[float, str]] = []
        self._news = threading.Condition()
        self._open = True
        self._senders = ThreadPoolExecutor(INVOCATIONS * BATCH)
        self._invocations = [threading.Thread(target=self._serve, daemon=True) for _ in range(INVOCATIONS)]
        for invocation in self._invocations:
            invocation.start()

    def send_message(self, *, MessageBody: str, DelaySeconds: int, **_: object) -> None:  # noqa: N803 (SQS's names)
        with self._news:
            self._messages.append((time.monotonic() + DelaySeconds, MessageBody))
            self._news.notify_all()

    def close(self) -> None:
        with self._news:
            self._open = False
            self._news.notify_all()
        for invocation in self._invocations:
            invocation.join(LONGEST_SECONDS)
        self._senders.shutdown()

    def _serve(self) -> None:
        while batch := self._batch():
            list(self._senders.map(lambda body: attempt(*read_message(body)), batch))

    def _batch(self) -> list[str]:
        with self._news:
            while self._open:
                seen = [message for message in self._messages if message[0] <= time.monotonic()][:BATCH]
                if seen:
                    for message in seen:
                        self._messages.remove(message)
                    return [body for _, body in seen]
                self._news.wait(0.05)
        return []


@pytest.fixture(autouse=True)
def _queue(table: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # noqa: ARG001 (the table must be there)
    laptop = Settings.model_validate({**settings().model_dump(), "webhook_targets": "local"})
    monkeypatch.setattr(targets, "settings", lambda: laptop)
    made = Queue()
    monkeypatch.setattr(queue._sqs, "send_message", made.send_message)
    yield
    made.close()


@pytest.fixture
def endpoints() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def happen(endpoints: Receiver) -> Callable[[str, int], set[str]]:
    """Let so many things happen to somebody who is told at a path; gives their ids."""

    owners: dict[str, User] = {}

    def act(path: str, count: int) -> set[str]:
        name = path.strip("/")
        if path not in owners:
            new = NewUser(email=f"{name}@example.com", username=f"owner.{name}", name=name)
            owners[path] = users.create(new, CONTEXT)
            service.create(acting(owners[path]), NewWebhook(url=endpoints.url(path), events=["*"]), CONTEXT)
        events = [_event(owners[path].id) for _ in range(count)]
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(dispatch, events))
        return {str(event["id"]) for event in events}

    return act


def _event(owner_id: str) -> dict[str, object]:
    return {
        "id": ids.new_id(),
        "type": "user.updated",
        "version": 1,
        "occurred_at": ids.now(),
        "correlation_id": "test",
        "actor": None,
        "subject": owner_id,
        "data": {},
    }


def arrived(endpoints: Receiver, path: str, event: set[str], since: float = 0) -> bool:
    return event <= {each.headers["webhook-id"] for each in endpoints.at(path) if each.at >= since}


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        requeue_due(lambda: True)
        time.sleep(0.05)


def flood(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(2**30))
    request.end_headers()
    for _ in range(2**14):
        request.wfile.write(b"x" * 2**16)


BAD: dict[str, Behaviour] = {
    "hangs": never,
    "is slow": after(2, answer(200)),
    "answers 500": answer(500, b"no"),
    "redirects inside": answer(302, Location="http://169.254.169.254/latest/meta-data/"),
    "sends a gigabyte": flood,
}


@pytest.mark.parametrize("behaviour", BAD)
def test_who_is_well_does_not_wait_for_who_is_not(
    endpoints: Receiver, happen: Callable[[str, int], set[str]], behaviour: str, capsys: pytest.CaptureFixture[str]
) -> None:
    event = happen("/well", 20)
    wait_until(lambda: arrived(endpoints, "/well", event), "the endpoint is told")
    usual = _slowest(endpoints, event)
    endpoints.behaviours["/bad"] = BAD[behaviour]
    bad = happen("/bad", 40)
    wait_until(lambda: len(endpoints.at("/bad")) > 0, "the bad one is asked")
    event = happen("/well", 20)
    wait_until(lambda: arrived(endpoints, "/well", event), "the endpoint is told though another is not well")
    delay = _slowest(endpoints, event)
    asked = len(endpoints.at("/bad"))
    seen = [each.headers["webhook-id"] for each in endpoints.at("/well")]
    with capsys.disabled():
        print(
            f"\nan endpoint that {behaviour}: {len(bad)} events for it, {asked} requests, "
            f"{endpoints.most_at_once['/bad']} at once; for the other 20 events sent, 20 effects seen, "
            f"{len(seen) - len(set(seen))} duplicates, 0 lost, slowest after {delay:.2f} s, usually {usual:.2f} s"
        )
    assert len(seen) == len(set(seen))
    assert endpoints.most_at_once["/bad"] <= 4
    assert delay < 2 * usual + 3


def _slowest(endpoints: Receiver, event: set[str]) -> float:
    """Seconds from an event to its arrival, of the slowest."""
    return max(
        each.at - ids.epoch_of(each.event["occurred_at"])
        for each in endpoints.at("/well")
        if each.headers["webhook-id"] in event
    )


def test_whoever_heals_has_everything_once(endpoints: Receiver, happen: Callable[[str, int], set[str]]) -> None:
    endpoints.behaviours["/ill"] = answer(503)
    event = happen("/ill", 30)
    wait_until(lambda: len(endpoints.at("/ill")) >= 3, "the breaker opens")
    healed = time.time()
    endpoints.behaviours["/ill"] = answer(204)
    wait_until(lambda: arrived(endpoints, "/ill", event, healed), "everything has arrived")
    taken = [each.headers["webhook-id"] for each in endpoints.at("/ill") if each.at >= healed]
    assert len(set(taken)) == 30
    assert len(taken) - len(set(taken)) <= 4, "what was under way as it healed"


def test_a_name_that_resolves_to_a_private_address_later_gets_no_request(
    endpoints: Receiver, happen: Callable[[str, int], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = iter(["127.0.0.1", *["10.0.0.1"] * 100])
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: object, **options: object) -> object:
        if host != "rebinding.example.com":
            return real(host, port, *rest, **options)  # type: ignore[arg-type]  # as it was called
        looked_up.append(next(addresses))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (looked_up[-1], port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(endpoints, "url", lambda path: f"http://rebinding.example.com:{endpoints.port}{path}")
    happen("/rebinding", 1)
    wait_until(lambda: len(endpoints.at("/rebinding")) == 1, "it is public at first")
    happen("/rebinding", 1)
    wait_until(lambda: len(looked_up) >= 2, "it is looked up again")
    wait_until(lambda: len(looked_up) >= 3, "it is tried again")
    assert len(endpoints.at("/rebinding")) == 1
