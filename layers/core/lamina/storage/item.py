"""The base class of items, and the four sparse indexes of the table."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self, cast

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute, VersionAttribute
from pynamodb.exceptions import AttributeNullError
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from lamina import ids
from lamina.settings import settings
from lamina.storage import tracing
from lamina.storage.connections import dynamodb_endpoint
from lamina.storage.transport import DynamoDb

if TYPE_CHECKING:
    from pynamodb.connection import Connection


class ListIndex1(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Lists without a filter."""

    class Meta:
        """Name and projection of the index."""

        index_name = "gsi1"
        projection = KeysOnlyProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsisk = UnicodeAttribute(range_key=True)


class ListIndex2(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Lists by a first filter."""

    class Meta:
        """Name and projection of the index."""

        index_name = "gsi2"
        projection = KeysOnlyProjection()

    gsi2pk = UnicodeAttribute(hash_key=True)
    gsisk = UnicodeAttribute(range_key=True)


class ListIndex3(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Lists by a second filter."""

    class Meta:
        """Name and projection of the index."""

        index_name = "gsi3"
        projection = KeysOnlyProjection()

    gsi3pk = UnicodeAttribute(hash_key=True)
    gsisk = UnicodeAttribute(range_key=True)


class ListIndex4(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Lists by both filters."""

    class Meta:
        """Name and projection of the index."""

        index_name = "gsi4"
        projection = KeysOnlyProjection()

    gsi4pk = UnicodeAttribute(hash_key=True)
    gsisk = UnicodeAttribute(range_key=True)


class Entry(Model):
    """The keys of an item: all attributes that an index projects, and its positions in lists."""

    class Meta:
        """Table name and timeouts: seconds to connect, seconds to read, retries.

        They fit into the 10 seconds of an endpoint, so that it can still return 503.
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
    """An item of the single table. A subclass declares its discriminator and attributes.

    `version` counts the writes of an item. Every write is conditional on the version that was read, and the first write
    on the absence of the item, so that no change is lost or overwritten.
    """

    kind = DiscriminatorAttribute()
    schema_version = NumberAttribute(default=1)
    version = VersionAttribute()
    created_at = UnicodeAttribute(default_for_new=ids.now)
    updated_at = UnicodeAttribute(null=True)
    created_by = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    """Unix seconds after which DynamoDB removes the item (the table's TTL attribute)."""

    def _container_serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        """Serialize the attributes that have a value, as PynamoDB does, but read them from where descriptors keep them.

        Most items have a value for few of their attributes, and a transaction has many items.
        """
        serialized = {}
        for name, attribute in self.get_attributes().items():
            value = self.attribute_values.get(name)
            if value is not None:
                serialized[attribute.attr_name] = {attribute.attr_type: attribute.serialize(value)}
            elif null_check and not attribute.null:
                raise AttributeNullError(name)
        return serialized

    def over(self, version: int | None) -> Self:
        """Return the item, set to expect this stored version when saved or deleted; None for a new item."""
        if version:
            self.version = version
        return self


def connect() -> "Connection":
    """Return the DynamoDB connection of this process with its client. Call it at init, not in a request."""
    connection = Entry._get_connection().connection  # noqa: SLF001 (PynamoDB offers no other way to its shared connection)
    if connection._client is None:  # noqa: SLF001 (the seam for a client)
        if settings().table_transport == "direct":
            region = os.environ.get("AWS_REGION") or connection.session.get_config_variable("region")
            client = DynamoDb(dynamodb_endpoint(region), region)
            tracing.observe(client)
            connection._client = cast("Any", client)  # noqa: SLF001
        else:
            import_module("botocore.session")  # `botocore_stand_ins` has left it out
    _ = connection.client  # PynamoDB would make it in the first call (about 60 ms)
    return connection


connect()
