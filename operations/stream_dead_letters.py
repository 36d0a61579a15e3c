"""The dead letters of the table's stream: messages that name the batches that a consumer failed to process.

They contain positions and times instead of records (Lambda developer guide, "Discarded batches of
DynamoDB Streams"), and the stream deletes records within a day. Events are still in the outbox.
"""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3

from operations.connection import physical_id

if TYPE_CHECKING:
    from lamina.events.replaying import Window

QUEUE = "Async/StreamDeadLetters"
MARGIN = timedelta(seconds=60)
"""An event carries the time at which it was composed: before its transaction, by the clock of its function."""
HIDDEN_SECONDS = 2 * 3600
"""How long the messages are hidden from others; an hour of scanning is 1.8 million read units, 14 GB of a table."""
WAIT_SECONDS = 2


class DeadLetters:
    """The messages about one function, hidden from all other consumers.

    Attributes:
        windows: the time of each failed batch.
        others: number of messages about other functions.
        hidden: number of messages that another process has hidden.
    """

    def __init__(self, stack: str, function: str) -> None:
        self.windows: list[Window] = []
        self._sqs = boto3.client("sqs")
        self._url = physical_id(stack, QUEUE)
        self._receipts: list[str] = []
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])["Attributes"]
        self.hidden = int(found["ApproximateNumberOfMessagesNotVisible"])
        name = physical_id(stack, function)
        foreign: list[str] = []
        while messages := self._receive():
            for message in messages:
                event = json.loads(message["Body"])
                if f":function:{name}:" in f"{event['requestContext']['functionArn']}:":
                    self.windows.append(_window(event["DDBStreamBatchInfo"]))
                    self._receipts.append(message["ReceiptHandle"])
                else:
                    foreign.append(message["ReceiptHandle"])
        self.others = len(foreign)
        self._show(foreign)

    def delete(self) -> None:
        """Delete the messages, once their events are published."""
        for receipt in self._receipts:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)

    def put_back(self) -> None:
        """Release the messages, so that they are visible again."""
        self._show(self._receipts)

    def _receive(self) -> Any:  # noqa: ANN401 (boto3's type, which is there for the type checker alone)
        return self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=WAIT_SECONDS,
            VisibilityTimeout=HIDDEN_SECONDS,
        ).get("Messages")

    def _show(self, receipts: list[str]) -> None:
        for receipt in receipts:
            self._sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=0)


def _window(batch: dict[str, str]) -> "Window":
    from lamina import ids
    from lamina.events.replaying import Window

    first, last = (datetime.fromisoformat(batch[f"approximateArrivalOf{which}Record"]) for which in ("First", "Last"))
    return Window(ids.stamp(first - MARGIN), ids.stamp(last + MARGIN))
