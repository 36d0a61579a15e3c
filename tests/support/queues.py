"""Batches of messages as Lambda hands them to a consumer, made of events."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.samples import sample


def batch(place: str, events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A batch for the consumer at a place: the message of its sample event, once for each of these envelopes."""
    (message,) = sample(place)["Records"]
    detail = json.loads(message["body"])
    return {
        "Records": [
            message | {"messageId": f"message-{number}", "body": json.dumps(detail | {"detail": event})}
            for number, event in enumerate(events)
        ]
    }
