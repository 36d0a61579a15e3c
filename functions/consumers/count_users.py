"""Table stream → counters: maintain the number of users."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lamina.events.batches import EventType, process_each
from lamina.observability.logs import log_failure
from lamina.observability.tracing import traced
from lamina.users import counting
from lamina.users.counting import Membership
from lamina.users.items import UserItem, to_user

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Count the users of a batch of stream records. Counting is idempotent.

    A record that cannot be read is reported as failed, and the other records are still counted. Lambda retries from
    that record on and finally sends it to the dead-letter queue. If counting itself fails, the error is raised and
    Lambda retries the whole batch.
    """
    batch = process_each(EventType.DynamoDBStreams, event["Records"], _membership, lambda _, error: log_failure(error))
    counting.count(each for each in batch.results if each)
    return batch.response


def _membership(record: "DynamoDBRecord") -> Membership | None:
    """Return where the user of a record is to be counted; None for items of other kinds."""
    removed = record["eventName"] == "REMOVE"
    image = record["dynamodb"]["OldImage" if removed else "NewImage"]
    if image["kind"]["S"] != "user":
        return None
    user = to_user(UserItem.from_raw_data(image))
    return counting.removal(user) if removed else counting.membership(user)
