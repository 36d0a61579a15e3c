"""The simulator of the payment provider, served on a port of its own, and what it has sent and stored."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from aiohttp import web

from local.payments.faults import Faults
from local.payments.server import PREFIX, Simulator
from local.payments.store import Intent, Store

API_KEY = "sk_test_of_the_tests"
SECRET = "signs-notifications"


class Provider:
    """A running simulator."""

    def __init__(self, port: int, simulator: Simulator) -> None:
        self.root = f"http://127.0.0.1:{port}{PREFIX}"
        self.url = self.root.rstrip("/")
        self._simulator = simulator

    @property
    def faults(self) -> Faults:
        """Its faults."""
        return self._simulator.faults

    @property
    def store(self) -> Store:
        """What it has stored."""
        return self._simulator._store

    def intent(self, reference: str) -> Intent:
        """A stored payment."""
        found = self.store.get(reference)
        assert found
        return found

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, Any]:
        """Send a request; return the status and the JSON."""
        request = Request(f"{self.root}{path}", body.encode() if body else None, headers, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310 (its own server)
                return answer.status, json.loads(answer.read())
        except HTTPError as refused:
            return refused.code, json.loads(refused.read())


@contextmanager
def running(webhook: str = "http://127.0.0.1:9/", file: Path | None = None) -> Iterator[Provider]:
    """Serve a simulator in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def secret() -> str:
        return SECRET

    async def start() -> tuple[web.ServerRunner, Simulator]:
        simulator = Simulator(file, webhook, secret)
        runner = web.ServerRunner(web.Server(simulator.serve), handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, simulator

    async def stop() -> None:
        await runner.cleanup()
        await simulator.close()

    runner, simulator = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield Provider(runner.addresses[0][1], simulator)
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
