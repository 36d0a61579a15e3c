"""Records of what was done once, kept by Powertools in the single table."""

from typing import Any, cast

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

from lamina.settings import settings
from lamina.storage.item import connect
from lamina.storage.keys import key


class _SingleTable(DynamoDBPersistenceLayer):
    """Records beside everything else, each in a partition of its own so that none is hot."""

    def __init__(self) -> None:
        client = cast("Any", connect().client)
        super().__init__(settings().table, key_attr="pk", expiry_attr="expires_at", boto3_client=client)

    def _get_key(self, idempotency_key: str) -> dict[str, dict[str, str]]:
        return {"pk": {"S": key("IDEMPOTENCY", idempotency_key)}, "sk": {"S": "IDEMPOTENCY"}}


def records() -> DynamoDBPersistenceLayer:
    """Make a store: at init, because it makes a client, and for one use, because Powertools settles it for that."""
    return _SingleTable()
