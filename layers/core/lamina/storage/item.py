"""The base of every item in the table, and its four sparse indexes."""

import os
from typing import Any, Self, cast

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute, VersionAttribute
from pynamodb.connection import Connection
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from lamina import ids
from lamina.settings import settings
from lamina.storage import tracing
from lamina.storage.connections import dynamodb_endpoint
from lamina.storage.transport import DynamoDb


class ListIndex1(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Lists without a filter."""

    class Meta:
        """DynamoDB's name for it."""

        index_name = "gsi1"
        projection = KeysOnlyProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsisk = UnicodeAttribute(range_key=True)


class ListIndex2(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Lists by a first filter."""

    class Meta:
        """DynamoDB's name for it."""

        index_name = "gsi2"
        projection = KeysOnlyProjection()

    gsi2pk = UnicodeAttribute(hash_key=True)
    gsisk = UnicodeAttribute(range_key=True)


class ListIndex3(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Lists by a second filter."""

    class Meta:
        """DynamoDB's name for it."""

        index_name = "gsi3"
        projection = KeysOnlyProjection()

    gsi3pk = UnicodeAttribute(hash_key=True)
    gsisk = UnicodeAttribute(range_key=True)


class ListIndex4(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Lists by both filters."""

    class Meta:
        """DynamoDB's name for it."""

        index_name = "gsi4"
        projection = KeysOnlyProjection()

    gsi4pk = UnicodeAttribute(hash_key=True)
    gsisk = UnicodeAttribute(range_key=True)


class Entry(Model):
    """The keys of an item: all that an index shows, and what places an item in lists."""

    class Meta:
        """Where the table is, and how long to wait for it: seconds to connect, seconds for an answer, retries.

        All of it fits into the 10 seconds of a request's function, so that it can still say 503.
        """

        table_name = settings().table
        connect_timeout_seconds = 1
        read_timeout_seconds = 2
        max_retry_attempts = 2

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    gsi1pk = UnicodeAttribute(null=True)
    gsi2pk = UnicodeAttribute(null=True)
    gsi3pk = UnicodeAttribute(null=True)
    gsi4pk = UnicodeAttribute(null=True)
    gsisk = UnicodeAttribute(null=True)
    gsi1 = ListIndex1()
    gsi2 = ListIndex2()
    gsi3 = ListIndex3()
    gsi4 = ListIndex4()


class Item(Entry):
    """One item of the single table. A subclass names its discriminator and adds its attributes.

    `version` counts the writes of an item; every write is conditional on the version that was read, and a first write
    on there being none, so that no change is lost and nothing is overwritten.
    """

    kind = DiscriminatorAttribute()
    schema_version = NumberAttribute(default=1)
    version = VersionAttribute()
    created_at = UnicodeAttribute(default_for_new=ids.now)
    updated_at = UnicodeAttribute(null=True)
    created_by = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    """Unix seconds after which DynamoDB removes the item (the table's TTL attribute)."""

    def over(self, version: int | None) -> Self:
        """Say which stored version a save or delete of this item expects; None for an item that must be new."""
        if version:
            self.version = version
        return self


def connect() -> Connection:
    """Return the one DynamoDB connection of this process, with its client made: call it at init, not in a request."""
    connection = Entry._get_connection().connection  # noqa: SLF001 (PynamoDB offers no other way to its shared connection)
    if connection._client is None and settings().table_transport == "direct":  # noqa: SLF001 (the seam for a client)
        region = os.environ.get("AWS_REGION") or connection.session.get_config_variable("region")
        client = DynamoDb(dynamodb_endpoint(region), region)
        tracing.observe(client)
        connection._client = cast("Any", client)  # noqa: SLF001
    _ = connection.client  # PynamoDB would make it in the first call (about 60 ms)
    return connection


connect()
