"""Connections and subscriptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lamina.identity.model import CredentialRef

MAX_SUBSCRIPTIONS = 20
"""Maximum number of active subscriptions of a connection."""
MAX_CONNECTIONS = 50
"""Maximum number of connections of a user, or of an OAuth client's owner."""
LONGEST_SECONDS = 2 * 3600
"""How long API Gateway keeps a connection (Amazon API Gateway quotas, "WebSocket API quotas")."""
KEPT_SECONDS = LONGEST_SECONDS + 600
"""How long the table keeps what belongs to a connection, in case its end is never reported."""
INIT_SECONDS = 10
"""How long a client may take until it sends `connection_init`."""


@dataclass(frozen=True)
class Connection:
    """A connection.

    Attributes:
        id: as API Gateway names it.
        client_ip: address that API Gateway saw.
        ref: the credential of the caller; None as long as there is none.
        is_initialised: whether `connection_init` was accepted.
        subscriptions: topic of each active subscription, by operation id.
        expires_at: Unix time after which the table forgets it.
    """

    id: str
    client_ip: str
    ref: CredentialRef | None
    is_initialised: bool
    subscriptions: Mapping[str, str]
    expires_at: int


@dataclass(frozen=True)
class Operation:
    """A subscription as the client has sent it."""

    query: str
    variables: Mapping[str, Any]
    name: str | None


@dataclass(frozen=True)
class Subscription:
    """An active subscription of a connection.

    Attributes:
        topic: what it is about; see `topics`.
        connection_id: the connection.
        id: the operation's id, chosen by the client.
        ref: the credential of the caller.
        operation: what to execute for each event.
        created_at: when it began.
        since: version of the subject at that time; 0 if it is about several.
        positions: version of each subject that was last delivered.
        failures: messages in a row that could not be sent.
        expires_at: Unix time after which the table forgets it.
    """

    topic: str
    connection_id: str
    id: str
    ref: CredentialRef
    operation: Operation
    created_at: str
    since: int
    expires_at: int
    positions: Mapping[str, int] = field(default_factory=dict)
    failures: int = 0
