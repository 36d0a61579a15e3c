"""`make redrive QUEUE=…`: returns the messages of a dead-letter queue to the queue that they came from.

Each message is sent before it is deleted, so that a crash duplicates it rather than loses it; consumers recognize
duplicates by the event's id. It moves as many messages as there were at the start; those that fail again stay.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from operations.command import explained, parse, parser
from operations.connection import give_up, nested_stacks
from operations.templates import read_template

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

STACKS = Path(__file__).resolve().parent.parent / "stacks"
WAIT_SECONDS = 2
"""Long enough for SQS to ask all of its servers (SQS developer guide, "Long polling")."""
HIDDEN_SECONDS = 60
"""How long a message that was received, but not yet moved, is hidden."""
PROGRESS_SECONDS = 1.0


@dataclass(frozen=True)
class Queue:
    """A queue and its dead letters, by URL."""

    url: str
    dead_letters: str


def main() -> None:
    """Read the command line, and move the messages."""
    options = parser("redrive", __doc__)
    options.add_argument("queue", nargs="?", default="")
    given = parse(options)
    if not given.queue:
        give_up(f"QUEUE is missing: make redrive QUEUE=…, one of {', '.join(names())}")
    with explained(given.stack, given.region):
        known = queues(given.stack)
        if given.queue not in known:
            give_up(f"unknown queue {given.queue}: the queues are {', '.join(sorted(known))}")
        run(given.queue, known[given.queue])


def names() -> list[str]:
    """Return the names of the queues that the templates describe."""
    return sorted(
        _name(logical)
        for path in STACKS.glob("*.yaml")
        for logical, resource in read_template(path)["Resources"].items()
        if resource.get("Properties", {}).get("Location") == "queue.yaml"
    )


def queues(stack: str) -> dict[str, Queue]:
    """Return the queues of a stack by name: `mail` is the queue of the nested stack `Mail` (`stacks/queue.yaml`)."""
    return {
        _name(name): Queue(outputs["QueueUrl"], outputs["DeadLettersUrl"])
        for name, outputs in nested_stacks(stack)
        if outputs.keys() >= {"QueueUrl", "DeadLettersUrl"}
    }


def _name(logical: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", logical).lower()


def run(name: str, queue: Queue) -> None:
    """Move the messages, and print the progress."""
    total, moved, event = waiting(queue.dead_letters), 0, time.monotonic()
    for moved in move(queue, total):
        if time.monotonic() - event > PROGRESS_SECONDS:
            event = time.monotonic()
            print(f"{name}: {moved} of {total} moved", flush=True)
    print(f"{name}: {moved} of {total} moved, {waiting(queue.dead_letters)} dead letters remain")


def waiting(url: str) -> int:
    """Return the approximate number of messages of a queue, including those in flight."""
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])


def move(queue: Queue, most: int) -> Iterator[int]:
    """Move up to this number of messages one by one; yield the number moved so far."""
    sqs = boto3.client("sqs")
    moved = 0
    while moved < most and (messages := _receive(queue.dead_letters, min(10, most - moved))):
        for message in messages:
            attributes = message.get("MessageAttributes", {})
            sqs.send_message(QueueUrl=queue.url, MessageBody=message["Body"], MessageAttributes=attributes)
            sqs.delete_message(QueueUrl=queue.dead_letters, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
            yield moved


def _receive(url: str, most: int) -> "list[MessageTypeDef]":
    received = boto3.client("sqs").receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=most,
        WaitTimeSeconds=WAIT_SECONDS,
        VisibilityTimeout=HIDDEN_SECONDS,
        MessageAttributeNames=["All"],
    )
    return received.get("Messages", [])


if __name__ == "__main__":
    main()
