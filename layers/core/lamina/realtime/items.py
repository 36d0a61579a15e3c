"""Table items of connections and subscriptions, the list of a user's connections, and the queue of a subject."""

from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, MapAttribute, NumberAttribute, UnicodeAttribute

from lamina.access.policy import Credential, Role
from lamina.identity.model import CredentialRef
from lamina.realtime.model import Connection, Operation, Subscription
from lamina.storage.item import Item
from lamina.storage.keys import key, value_of

SUBSCRIPTIONS = "SUBSCRIPTION"


class ConnectionItem(Item, discriminator="connection"):
    """A connection: `CONNECTION#<id>` / `CONNECTION`."""

    client_ip = UnicodeAttribute()
    ref = JSONAttribute(null=True)
    is_initialised = BooleanAttribute(default=False)
    subscriptions = MapAttribute[Any, Any](default=dict)  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Topic by operation id, as `path_name` writes it."""
    is_closing = BooleanAttribute(null=True)
    """Set before anything of the connection is deleted, so that nothing is added meanwhile."""


class SubscriptionItem(Item, discriminator="subscription"):
    """A subscription: `TOPIC#<topic>` / `SUBSCRIPTION#<connection>#<operation id>`."""

    connection_id = UnicodeAttribute()
    operation_id = UnicodeAttribute()
    ref = JSONAttribute()
    query_text = UnicodeAttribute()
    variables = JSONAttribute()
    operation_name = UnicodeAttribute(null=True)
    since = NumberAttribute(default=0)
    positions = MapAttribute[Any, Any](default=dict)  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Version that was last delivered, by subject."""
    failures = NumberAttribute(default=0)


class UserSocketsItem(Item, discriminator="user_sockets"):
    """The connections of a user: `USER#<id>` / `SOCKETS`."""

    connections = MapAttribute[Any, Any](default=dict)  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    """Unix time at which each connection is over, by its id as `path_name` writes it."""


class SubjectQueueItem(Item, discriminator="subject_queue"):
    """Who delivers the events of a subject, and how far it has come: `PUSH#<subject>` / `QUEUE`."""

    holder = UnicodeAttribute(null=True)
    until = NumberAttribute(default=0)
    """End of the holder's lease, in Unix milliseconds."""
    wanted = UnicodeAttribute(null=True)
    """The last event that somebody has left to the holder."""
    done = NumberAttribute(default=0)
    """The version up to which all events are delivered."""
    done_at = UnicodeAttribute(null=True)
    """When the last of them occurred."""


def entries(attribute: MapAttribute[Any, Any]) -> dict[str, Any]:
    """Return the entries of a map."""
    return dict(attribute.attribute_values)


def path_name(name: str) -> str:
    """Write a name that somebody else has chosen, so that it can stand in the path of an expression."""
    return name.encode().hex()


def name_of(written: str) -> str:
    """Return a name from what `path_name` wrote."""
    return bytes.fromhex(written).decode()


def connection_key(connection_id: str) -> tuple[str, str]:
    """Return the key of a connection."""
    return key("CONNECTION", connection_id), "CONNECTION"


def topic_partition(topic: str) -> str:
    """Return the partition of the subscriptions of a topic."""
    return key("TOPIC", topic)


def subscription_key(topic: str, connection_id: str, operation_id: str) -> tuple[str, str]:
    """Return the key of a subscription. The client chooses the operation's id, which may contain separators."""
    return topic_partition(topic), f"{SUBSCRIPTIONS}#{connection_id}#{operation_id}"


def user_sockets_key(user_id: str) -> tuple[str, str]:
    """Return the key of the list of a user's connections."""
    return key("USER", user_id), "SOCKETS"


def subject_queue_key(subject: str) -> tuple[str, str]:
    """Return the key of the queue of a subject (`user#<id>`)."""
    return key("PUSH", subject), "QUEUE"


def connection_item(connection: Connection) -> ConnectionItem:
    """Return the item of a new connection."""
    return ConnectionItem(
        *connection_key(connection.id),
        client_ip=connection.client_ip,
        ref=to_json(connection.ref) if connection.ref else None,
        is_initialised=connection.is_initialised,
        subscriptions={path_name(each): topic for each, topic in connection.subscriptions.items()},
        created_by=connection.ref.user_id if connection.ref else None,
        expires_at=connection.expires_at,
    )


def to_connection(item: ConnectionItem) -> Connection:
    """Return the connection of an item."""
    return Connection(
        id=value_of(item.pk),
        client_ip=item.client_ip,
        ref=to_ref(item.ref) if item.ref else None,
        is_initialised=item.is_initialised,
        subscriptions={name_of(each): topic for each, topic in entries(item.subscriptions).items()},
        expires_at=int(item.expires_at or 0),
    )


def subscription_item(subscription: Subscription) -> SubscriptionItem:
    """Return the item of a new subscription."""
    return SubscriptionItem(
        *subscription_key(subscription.topic, subscription.connection_id, subscription.id),
        connection_id=subscription.connection_id,
        operation_id=subscription.id,
        ref=to_json(subscription.ref),
        query_text=subscription.operation.query,
        variables=dict(subscription.operation.variables),
        operation_name=subscription.operation.name,
        since=subscription.since,
        positions={},
        created_at=subscription.created_at,
        created_by=subscription.ref.user_id,
        expires_at=subscription.expires_at,
    )


def to_subscription(item: SubscriptionItem) -> Subscription:
    """Return the subscription of an item."""
    return Subscription(
        topic=value_of(item.pk),
        connection_id=item.connection_id,
        id=item.operation_id,
        ref=to_ref(item.ref),
        operation=Operation(item.query_text, item.variables, item.operation_name),
        created_at=item.created_at,
        since=int(item.since),
        positions={subject: int(version) for subject, version in entries(item.positions).items()},
        failures=int(item.failures or 0),
        expires_at=int(item.expires_at or 0),
    )


def to_json(ref: CredentialRef) -> dict[str, Any]:
    """Write a credential."""
    return {
        "user": ref.user_id,
        "credential": ref.credential,
        "id": ref.credential_id,
        "session": ref.session_id,
        "role": ref.role,
        "scopes": sorted(ref.scopes),
    }


def to_ref(written: dict[str, Any]) -> CredentialRef:
    """Return a credential from what `to_json` wrote."""
    return CredentialRef(
        written["user"],
        Credential(written["credential"]),
        written["id"],
        written["session"],
        Role(written["role"]),
        frozenset(written["scopes"]),
    )
