"""The life of a connection: opened, initialised, ended."""

import time

from pynamodb.expressions.condition import size

from lamina import ids
from lamina.errors import Conflict
from lamina.identity.model import CredentialRef
from lamina.realtime.errors import CloseCode, Closing
from lamina.realtime.items import (
    ConnectionItem,
    SubscriptionItem,
    UserSocketsItem,
    connection_item,
    connection_key,
    entries,
    name_of,
    path_name,
    subscription_key,
    to_connection,
    to_json,
    user_sockets_key,
)
from lamina.realtime.model import KEPT_SECONDS, MAX_CONNECTIONS, Connection
from lamina.storage import conditional, transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed

ATTEMPTS = 5


def open_connection(connection_id: str, client_ip: str, ref: CredentialRef | None) -> None:
    """Store a new connection, which may not do anything before it is initialised.

    Args:
        connection_id: as API Gateway names it.
        client_ip: address that API Gateway saw.
        ref: the credential of its handshake, if it had one.
    """
    connection = Connection(connection_id, client_ip, ref, False, {}, ids.epoch_in(KEPT_SECONDS))
    connection_item(connection).save(add_version_condition=False)


def find(connection_id: str) -> Connection | None:
    """Return a connection; None if it has ended or is ending: a consistent read."""
    try:
        item = ConnectionItem.get(*connection_key(connection_id), consistent_read=True)
    except ConnectionItem.DoesNotExist:
        return None
    return None if item.is_closing else to_connection(item)


def initialise(connection: Connection, ref: CredentialRef) -> None:
    """Accept the `connection_init` of a connection.

    Raises:
        Closing: 4429 if it was accepted before; 4403 if the user has too many connections.
        Conflict: if the connections of the user keep being changed concurrently.
    """
    for _ in range(ATTEMPTS):
        try:
            _accept(connection, ref)
        except ConditionFailed as refused:
            if connection_key(connection.id) in refused.found:
                raise Closing(CloseCode.TOO_MANY_INITS, "The connection is initialised already.") from None
            _make_room(ref.user_id)
        else:
            return
    raise Conflict


def end(connection_id: str) -> None:
    """Delete a connection with its subscriptions. May be repeated."""
    item = ConnectionItem(*connection_key(connection_id))
    if not conditional.update(item, [ConnectionItem.is_closing.set(True)], ConnectionItem.pk.exists()):
        return
    connection = to_connection(item)
    gone: list[Item] = [
        SubscriptionItem(*subscription_key(topic, connection_id, each))
        for each, topic in connection.subscriptions.items()
    ]
    # The connection says which subscriptions there are, and the user's list which connections: each goes after them.
    if gone:
        transactions.write(discard=gone)
    transactions.write(discard=[ConnectionItem(*connection_key(connection_id))])
    if connection.ref and connection.is_initialised:
        listed = UserSocketsItem(*user_sockets_key(connection.ref.user_id))
        entry = UserSocketsItem.connections[path_name(connection_id)]
        conditional.update(listed, [entry.remove()], UserSocketsItem.pk.exists())


def of_user(user_id: str) -> list[Connection]:
    """Return the initialised connections of a user: a read and a batch of reads."""
    try:
        listed = UserSocketsItem.get(*user_sockets_key(user_id), consistent_read=True)
    except UserSocketsItem.DoesNotExist:
        return []
    keys = [connection_key(name_of(each)) for each in entries(listed.connections)]
    found = ConnectionItem.batch_get(keys, consistent_read=True) if keys else []
    return [to_connection(item) for item in found]


def _accept(connection: Connection, ref: CredentialRef) -> None:
    listed = UserSocketsItem(*user_sockets_key(ref.user_id))
    listing = UserSocketsItem.connections
    item = ConnectionItem(*connection_key(connection.id))
    accepted = [
        ConnectionItem.is_initialised.set(True),
        ConnectionItem.ref.set(to_json(ref)),
        ConnectionItem.created_by.set(ref.user_id),
    ]
    is_new = (
        ConnectionItem.pk.exists()
        & (ConnectionItem.is_initialised == False)  # noqa: E712 (a condition of the table)
        & ConnectionItem.is_closing.does_not_exist()
    )
    entry = [
        listing[path_name(connection.id)].set(connection.expires_at),
        UserSocketsItem.expires_at.set(connection.expires_at),
    ]
    has_room = UserSocketsItem.pk.exists() & (
        size(listing) < MAX_CONNECTIONS  # type: ignore[no-untyped-call]  # PynamoDB leaves it so
    )
    transactions.write(change=[(item, accepted, is_new), (listed, entry, has_room)])


def _make_room(user_id: str) -> None:
    """Create the list of a user's connections, or remove those that are over.

    Raises:
        Closing: 4403 if there is no room.
    """
    key = user_sockets_key(user_id)
    try:
        listed = UserSocketsItem.get(*key, consistent_read=True)
    except UserSocketsItem.DoesNotExist:
        listed = UserSocketsItem(*key, connections={}, created_by=user_id, expires_at=ids.epoch_in(KEPT_SECONDS))
        conditional.save(listed)
        return
    known = entries(listed.connections)
    left = {each: over for each, over in known.items() if over > time.time()}
    if len(left) >= MAX_CONNECTIONS:
        raise Closing(
            CloseCode.FORBIDDEN,
            f"You have {MAX_CONNECTIONS} connections, which is the limit. Close one first.",
            error_code="TOO_MANY_CONNECTIONS",
        )
    if len(left) < len(known):
        over = [UserSocketsItem.connections[each].remove() for each in known.keys() - left.keys()]
        conditional.update(listed, over, UserSocketsItem.pk.exists())
