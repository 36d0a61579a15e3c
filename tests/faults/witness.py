"""A queue of the test's own on the bus: what arrives there, and in which order, is what was published."""

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from tests.faults.cloud import BATCH, Cloud

BUS = "Data/Bus"

type Ids = Mapping[str, list[str]]
"""Ids of events by their subject, in order."""


class Witness:
    """Sees every event that the bus takes.

    Attributes:
        seen: subject and id of each event, in the order of arrival, twins too.
    """

    def __init__(self, cloud: Cloud) -> None:
        name = f"witness-{uuid4().hex[:8]}"
        self._sqs, self._events = cloud.client("sqs"), cloud.client("events")
        self._rule = {"Name": name, "EventBusName": cloud.resources[BUS]}
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": ["lamina"]})
        self._events.put_rule(Name=name, EventBusName=cloud.resources[BUS], EventPattern=pattern)
        target = {"Id": "witness", "Arn": found["Attributes"]["QueueArn"]}
        self._events.put_targets(Rule=name, EventBusName=cloud.resources[BUS], Targets=[target])
        self.seen: list[tuple[str, str]] = []

    def look(self) -> int:
        """Take note of what has arrived; how much it was. One reader alone, so that the order is that of arrival."""
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1)
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for message in messages:
            event = json.loads(message["Body"])["detail"]
            self.seen.append((event["subject"], event["id"]))
        if messages:
            receipts = [
                {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]} for place, message in enumerate(messages)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=receipts)
        return len(messages)

    def wait_for(self, ids: Iterable[str], seconds: float) -> float:
        """Look until these events have arrived, and give up in the end without a word; how long it took."""
        begun, missing, known = time.monotonic(), set(ids), 0
        while missing and time.monotonic() < begun + seconds:
            self.look()
            missing -= {event_id for _, event_id in self.seen[known:]}
            known = len(self.seen)
        return time.monotonic() - begun

    def of(self, subjects: Iterable[str]) -> list[str]:
        """Ids of the events about these subjects, twins too."""
        wanted = set(subjects)
        return [event_id for subject, event_id in self.seen if subject in wanted]

    def first_comings(self, subjects: Iterable[str]) -> dict[str, list[str]]:
        """Ids by subject in the order of arrival, of twins the first."""
        found: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for subject, event_id in self.seen:
            found[subject][event_id] = None
        return {subject: list(found[subject]) for subject in subjects}

    def close(self) -> None:
        """Take the queue off the bus."""
        self._events.remove_targets(Rule=self._rule["Name"], EventBusName=self._rule["EventBusName"], Ids=["witness"])
        self._events.delete_rule(**self._rule)
        self._sqs.delete_queue(QueueUrl=self._url)


@contextmanager
def witness_of(cloud: Cloud) -> Iterator[Witness]:
    """A witness while it is wanted."""
    made = Witness(cloud)
    try:
        yield made
    finally:
        made.close()
