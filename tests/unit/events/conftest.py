"""A queue and its consumer, as SQS and Lambda would have them."""

import json
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from lamina.events import redelivery
from lamina.events.consumer import consumer
from lamina.events.envelope import Event
from tests.support.aws import Context

ARN = "arn:aws:sqs:eu-central-1:123456789012:mail"
URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/mail"


def happened(event_id: str = "e1", **fields: object) -> dict[str, Any]:
    """An event as the bus carries it."""
    return {
        "id": event_id,
        "type": "user.created",
        "version": 1,
        "occurred_at": "2026-11-20T09:30:00.000000Z",
        "correlation_id": "c1",
        "actor": None,
        "subject": "u1",
        "data": {},
        **fields,
    }


class Queue:
    """What SQS is asked for by a consumer, and what Lambda hands to it.

    Attributes:
        hidden: receipt handles of messages and the seconds that they are hidden for.
        sent: bodies that were sent, and their delays.
        refuse: raised by whatever SQS is asked for, if set.
    """

    def __init__(self) -> None:
        self.meta = SimpleNamespace(endpoint_url="https://sqs.eu-central-1.amazonaws.com")
        self.hidden: dict[str, int] = {}
        self.sent: list[tuple[Event, int]] = []
        self.refuse: Exception | None = None

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: N803 (boto3's names)
        """As SQS has it."""
        self._asked(QueueUrl)
        self.hidden[ReceiptHandle] = VisibilityTimeout

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803 (boto3's names)
        """As SQS has it."""
        self._asked(QueueUrl)
        self.sent.append((json.loads(MessageBody)["detail"], DelaySeconds))

    def _asked(self, url: str) -> None:
        assert url == URL
        if self.refuse:
            raise self.refuse


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    """The queue that consumers of this test belong to."""
    made = Queue()
    monkeypatch.setattr(redelivery, "_sqs", made)
    return made


@pytest.fixture
def longest_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jitter that is always the most that it can be."""
    monkeypatch.setattr(random, "uniform", lambda _, most: most)


type Deliver = Callable[..., list[str]]
type Consumer = Callable[..., Deliver]


@pytest.fixture
def deliver(aws: None, queue: Queue) -> Consumer:  # noqa: ARG001 (fixtures that must be there)
    """Given the work of a consumer: a function that hands it events in one batch, and gives the ids of what failed.

    A body that is no event goes as it is; `tries` says which receipt this is. Consumers of the same name are processes
    of one function.
    """

    def of(
        work: Callable[[Event], None], name: str = "", concerns: Callable[[Event], bool] = lambda _: True
    ) -> Deliver:
        handler = consumer(name or f"test {uuid4()}", work, concerns)

        def give(*events: object, tries: int = 1) -> list[str]:
            records = [_record(event, place, tries) for place, event in enumerate(events)]
            answer = handler({"Records": records}, Context())  # type: ignore[arg-type]  # as much of it as is read
            return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

        return give

    return of


def _record(event: object, place: int, tries: int) -> dict[str, Any]:
    return {
        "messageId": f"m{place}",
        "receiptHandle": f"r{place}",
        "body": event if isinstance(event, str) else json.dumps({"detail-type": "user.created", "detail": event}),
        "attributes": {"ApproximateReceiveCount": str(tries)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
        "awsRegion": "eu-central-1",
    }
