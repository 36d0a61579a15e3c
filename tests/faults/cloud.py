"""The local AWS of a running stack, as an operator sees it: its queues, its functions and their processes."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lamina import ids
from local.account import Account
from local.stack import client
from tests.support.stack import RunningStack, look

ALIAS = "live"
BATCH = 10
"""Messages that SQS takes at once."""


class Cloud:
    """What is behind the front; resources have the paths of the templates, `Async/Mail/Queue`."""

    def __init__(self, stack: RunningStack) -> None:
        described = look(f"{stack.url}/_local/stack")
        self.account = Account.of(described)
        self.endpoint = self.account.endpoint
        self.resources: Mapping[str, str] = described["resources"]
        self._stack = stack

    def client(self, service: str) -> Any:
        """A client of one of its services."""
        return client(service, self.account)

    def mails(self) -> list[dict[str, Any]]:
        """The mails that were sent, newest first."""
        found: list[dict[str, Any]] = look(f"{self._stack.url}/_local/mail")
        return found

    def send(self, queue: str, events: Sequence[Mapping[str, Any] | str]) -> None:
        """Put events into a queue as the bus does; text goes as it is."""
        url = self.resources[queue]
        bodies = [event if isinstance(event, str) else json.dumps(_on_the_bus(event)) for event in events]
        for start in range(0, len(bodies), BATCH):
            entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies[start:][:BATCH])]
            assert not self.client("sqs").send_message_batch(QueueUrl=url, Entries=entries).get("Failed")

    def depth(self, queue: str) -> dict[str, int]:
        """How many messages of a queue are `waiting`, `hidden` (being worked on, or to be tried later), `delayed`."""
        found = self.client("sqs").get_queue_attributes(QueueUrl=self.resources[queue], AttributeNames=["All"])
        count = "ApproximateNumberOfMessages"
        return {
            name: int(found["Attributes"][count + suffix])
            for name, suffix in (("waiting", ""), ("hidden", "NotVisible"), ("delayed", "Delayed"))
        }

    def is_empty(self, queue: str) -> bool:
        """Whether nothing is in a queue, in whatever state."""
        return not any(self.depth(queue).values())

    def bodies(self, queue: str) -> list[str]:
        """What waits in a queue of dead letters; it stays there."""
        found: dict[str, str] = {}
        while True:
            answer = self.client("sqs").receive_message(
                QueueUrl=self.resources[queue], MaxNumberOfMessages=BATCH, VisibilityTimeout=0
            )
            new = {message["MessageId"]: message["Body"] for message in answer.get("Messages", [])}
            if new.keys() <= found.keys():
                return list(found.values())
            found |= new

    @contextmanager
    def hurried(self, queue: str, *, visible_after: int | None = None, tries: int | None = None) -> Iterator[None]:
        """Meanwhile, messages whose consumer has died come again after so many seconds, and so often in all."""
        sqs, url = self.client("sqs"), self.resources[queue]
        before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])
        redrive = json.loads(before["Attributes"]["RedrivePolicy"])
        changed = {"RedrivePolicy": json.dumps(redrive | {"maxReceiveCount": tries or redrive["maxReceiveCount"]})}
        if visible_after:
            changed["VisibilityTimeout"] = str(visible_after)
        sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
        try:
            yield
        finally:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=before["Attributes"])

    @contextmanager
    def configured(self, function: str, *, timeout: int | None = None, **environment: str) -> Iterator[None]:
        """Meanwhile, a function has this timeout in seconds and these further variables: in a version of its own."""
        functions, name = self.client("lambda"), self.resources[function]
        before = functions.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"]
        deployed = functions.get_function_configuration(FunctionName=name)
        kept = {"Environment": deployed["Environment"], "Timeout": deployed["Timeout"]}
        changed = {
            "Environment": {"Variables": {**deployed["Environment"]["Variables"], **environment}},
            "Timeout": timeout or deployed["Timeout"],
        }
        functions.update_function_configuration(FunctionName=name, **changed)
        version = functions.publish_version(FunctionName=name)["Version"]
        functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version)
        try:
            yield
        finally:
            functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=before)
            functions.update_function_configuration(FunctionName=name, **kept)

    def kill(self, function: str) -> int:
        """Kill every process of a function as a machine that loses power would; how many there were."""
        mark = f"AWS_LAMBDA_FUNCTION_NAME={self.resources[function]}".encode()
        doomed = [pid for pid in self._stack.processes() if mark in _environment(pid)]
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        return len(doomed)


def event(event_type: str, subject: str, **data: object) -> dict[str, Any]:
    """An event as the outbox has it."""
    return {
        "id": ids.new_id(),
        "type": event_type,
        "version": 1,
        "occurred_at": ids.now(),
        "correlation_id": "faults",
        "actor": None,
        "subject": subject,
        "data": data,
    }


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> float:
    """Wait for a condition, and fail when it has not come true in time; how long it took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - begun


def _on_the_bus(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": "0", "source": "lamina", "detail-type": detail["type"], "detail": detail}


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it has ended
        return []
