"""Powertools' idempotency records in the single table."""

from typing import Any, cast

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

from lamina.settings import settings
from lamina.storage.item import connect
from lamina.storage.keys import key


class _SingleTable(DynamoDBPersistenceLayer):
    """Stores each record in a partition of its own, so that none is hot."""

    def __init__(self) -> None:
        client = cast("Any", connect().client)
        super().__init__(settings().table, key_attr="pk", expiry_attr="expires_at", boto3_client=client)

    def _get_key(self, idempotency_key: str) -> dict[str, dict[str, str]]:
        return {"pk": {"S": key("IDEMPOTENCY", idempotency_key)}, "sk": {"S": "IDEMPOTENCY"}}


def records() -> DynamoDBPersistenceLayer:
    """Return a new store. Call it at init, because it creates a client, and once per use: Powertools configures it."""
    return _SingleTable()
