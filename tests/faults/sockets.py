"""Hundreds of connections of `graphql-transport-ws` in one event loop."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

QUERY = "subscription ($id: ID!) { userUpdated(id: $id) { id name } }"
AT_ONCE = 4
"""Connections that are made at a time."""
SECONDS = 60


class Socket:
    """A connection that is subscribed to a user.

    Attributes:
        names: what it has received, by name, and when.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.names: dict[str, float] = {}
        self._arrived = defaultdict[str, asyncio.Event](asyncio.Event)
        self._connection = connection
        self._reading = asyncio.create_task(self._read())

    async def wait_for(self, name: str) -> None:
        """Wait until a name is received."""
        await self._arrived[name].wait()

    async def close(self) -> None:
        """Close it."""
        self._reading.cancel()
        await self._connection.close()

    async def _read(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if message["type"] == "next":
                name = message["payload"]["data"]["userUpdated"]["name"]
                self.names.setdefault(name, time.monotonic())
                self._arrived[name].set()


async def open_all(url: str, tokens: Sequence[str], user_ids: Sequence[str]) -> list[Socket]:
    """Open a connection for each token, and subscribe it to the user at the same position."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def open_one(token: str, user_id: str) -> Socket:
        async with slots:
            connection = await connect(
                url,
                subprotocols=[Subprotocol("graphql-transport-ws")],
                proxy=None,
                open_timeout=SECONDS,
                ping_interval=None,
            )
            await _send(connection, type="connection_init", payload={"authorization": f"Bearer {token}"})
            answer = json.loads(await asyncio.wait_for(connection.recv(), SECONDS))
            assert answer["type"] == "connection_ack", answer
            payload = {"query": QUERY, "variables": {"id": user_id}}
            await _send(connection, type="subscribe", id="1", payload=payload)
            return Socket(connection)

    return list(await asyncio.gather(*map(open_one, tokens, user_ids)))


async def _send(connection: ClientConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))
