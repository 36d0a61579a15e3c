"""Table stream → bus: every committed event is published, in the order of its subject."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lamina.events.stream import publish_records

RESERVE_MILLISECONDS = 15_000
"""What a request to the bus may take at worst, tries and all: none is begun later."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Publish a batch of outbox items; from the first that was not taken on, the stream brings them again.

    Returns:
        The sequence number of that one (Lambda developer guide, "Partial batch response for DynamoDB Streams").
    """
    failed = publish_records(event["Records"], lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS)
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}
