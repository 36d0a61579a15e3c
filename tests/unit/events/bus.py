"""A bus in memory that refuses what it is told to refuse, and the outbox items and stream records that come to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from lamina.events.catalog import USER_CREATED
from lamina.events.outbox import OutboxItem, event

type Answer = Callable[[list[dict[str, Any]]], set[int] | None]
"""Which entries of a request fail, by place; None for the request as a whole."""


@dataclass
class Bus:
    """What EventBridge does with PutEvents.

    Attributes:
        answer: what fails.
        requests: the entries of each request.
        taken: the envelopes that it has taken, in order.
    """

    answer: Answer = lambda _: set()
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 (boto3's own name)
        self.requests.append(Entries)
        failed = self.answer(Entries)
        if failed is None:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "PutEvents")
        details = [json.loads(entry["Detail"]) for entry in Entries]
        self.taken += [detail for place, detail in enumerate(details) if place not in failed]
        answers = [
            {"ErrorCode": "InternalFailure"} if place in failed else {"EventId": "x"} for place in range(len(Entries))
        ]
        return {"FailedEntryCount": len(failed), "Entries": answers}

    @property
    def ids(self) -> list[str]:
        """Ids of the events that it has taken."""
        return [detail["id"] for detail in self.taken]


def outbox(*subjects: str, padding: int = 0) -> list[OutboxItem]:
    """One event for each of these subjects, in order."""
    role = "x" * padding
    return [
        event(
            USER_CREATED.of({"id": subject, "role": role, "status": "active"}),
            subject,
            actor=None,
            correlation_id="test",
        )
        for subject in subjects
    ]


def records(events: list[OutboxItem]) -> list[dict[str, Any]]:
    """Events as the stream brings them."""
    return [
        {
            "eventName": "INSERT",
            "dynamodb": {
                "SequenceNumber": str(place),
                "Keys": {"pk": {"S": item.pk}, "sk": {"S": item.sk}},
                "NewImage": item.to_dynamodb_dict(),
            },
        }
        for place, item in enumerate(events)
    ]
