"""Table stream → counters: maintain the number of users."""

from collections.abc import Mapping
from typing import Any

from lamina.observability.logs import log_failure
from lamina.observability.tracing import traced
from lamina.users import counting
from lamina.users.counting import Standing
from lamina.users.items import UserItem, to_user

type Record = Mapping[str, Any]


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, list[dict[str, str]]]:
    """Count the users of a batch of stream records. Counting is idempotent.

    A record that cannot be read is reported as failed, and the other records are still counted. Lambda retries from
    that record on and finally sends it to the dead-letter queue. If counting itself fails, the error is raised and
    Lambda retries the whole batch.

    Returns:
        The sequence numbers of bad records (Lambda developer guide, "Partial batch response for DynamoDB Streams").
    """
    standings: list[Standing] = []
    failures: list[dict[str, str]] = []
    for record in event["Records"]:
        try:
            standings += _standings(record)
        except (KeyError, TypeError, ValueError) as error:
            log_failure(error)
            failures.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
    counting.count(standings)
    return {"batchItemFailures": failures}


def _standings(record: Record) -> list[Standing]:
    """Return where the user of a record is to be counted; nothing for items of other kinds."""
    removed = record["eventName"] == "REMOVE"
    image = record["dynamodb"]["OldImage" if removed else "NewImage"]
    if image["kind"]["S"] != "user":
        return []
    user = to_user(UserItem.from_raw_data(image))
    return [counting.gone(user) if removed else counting.standing(user)]
