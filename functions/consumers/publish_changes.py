"""Table stream → event bus: publish every committed event, in order per subject."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lamina.events.stream import publish_records
from lamina.observability.tracing import traced

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MILLISECONDS = 15_000
"""Worst-case duration of a request to the bus including retries; no request is started with less time left."""


@traced
def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
    """Publish a batch of outbox items. On failure, the stream redelivers from the first item that was not accepted.

    Returns:
        The sequence number of that item (Lambda developer guide, "Partial batch response for DynamoDB Streams").
    """
    failed = publish_records(event["Records"], lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS)
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}
