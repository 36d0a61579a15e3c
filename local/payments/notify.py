"""Notifications of the simulator, signed as Stripe signs them (https://docs.stripe.com/webhooks#verify-manually)."""

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import aiohttp

TRIES = 6
FIRST_PAUSE_SECONDS = 0.5


class Notifier:
    """Sends notifications to an endpoint, until it returns 2xx or six attempts have failed.

    Args:
        url: the endpoint.
        secret: returns its signing secret; None while it is not known.
    """

    def __init__(self, url: str, secret: Callable[[], Awaitable[str | None]]) -> None:
        self._url = url
        self._secret = secret
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, kind: str, about: dict[str, Any], delay_seconds: float = 0) -> None:
        """Send a notification in the background."""
        task = asyncio.create_task(self.send(kind, about, delay_seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send(self, kind: str, about: dict[str, Any], delay_seconds: float = 0) -> None:
        """Send a notification."""
        await asyncio.sleep(delay_seconds)
        event = {"id": f"evt_{secrets.token_hex(12)}", "object": "event", "type": kind, "created": int(time.time())}
        body = json.dumps({**event, "data": {"object": about}}).encode()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            for attempt in range(TRIES):
                if await self._is_taken(session, body):
                    return
                await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt)

    async def close(self) -> None:
        """Stop sending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _is_taken(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        secret = await self._secret()
        if secret is None:
            return False
        try:
            async with session.post(self._url, data=body, headers=headers(body, secret)) as answer:
                return answer.status < HTTPStatus.MULTIPLE_CHOICES
        except (aiohttp.ClientError, TimeoutError):
            return False


def headers(body: bytes, secret: str, timestamp: int | None = None) -> dict[str, str]:
    """Return the headers of a notification; `timestamp` is its Unix time, now by default."""
    moment = int(time.time()) if timestamp is None else timestamp
    signature = hmac.digest(secret.encode(), f"{moment}.".encode() + body, "sha256").hex()
    return {"Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={signature}"}
