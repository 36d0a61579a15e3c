"""A client of the shared server for one process: it never takes longer than 50 milliseconds."""

import time
from collections.abc import Sequence
from concurrent import futures
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread

from lamina.cache.breaker import Breaker
from lamina.cache.resp import Address, Command, Connection, Disconnected, Refused, Reply

DEADLINE_SECONDS = 0.05
"""How long a request waits for the server, including its other threads, a new connection and a repetition."""
CONNECT_SECONDS = 1.0
"""How long a connection may take to open: in the background, while requests do without the cache."""


class CacheUnavailable(Exception):
    """The server did not answer in time or refused a command.

    Attributes:
        opened: whether this failure has opened the circuit.
    """

    def __init__(self, reason: str, *, opened: bool = False) -> None:
        self.opened = opened
        super().__init__(reason)


class NotCalled(CacheUnavailable):
    """The server failed recently, or its connection is being opened, so it was not called."""


class Client:
    """Sends commands over one connection, which it opens when it is needed and again after a failure."""

    def __init__(self, address: Address, breaker: Breaker | None = None, seconds: float = DEADLINE_SECONDS) -> None:
        self._address = address
        self._seconds = seconds
        self.breaker = breaker or Breaker()
        self._lock = Lock()
        self._connection: Connection | None = None
        self._opening: Future[Connection] | None = None

    def call(self, *commands: Command) -> list[Reply]:
        """Send commands together and return their replies.

        Commands must be safe to repeat: on a connection that the server had closed, they are sent again.

        Raises:
            CacheUnavailable: if there is no answer in time, or an answer is an error.
        """
        if not self.breaker.allows():
            raise NotCalled("the circuit is open")
        deadline = time.monotonic() + self._seconds
        try:
            replies = self._call(commands, deadline)
        except (OSError, Refused) as error:
            raise CacheUnavailable(_reason(error), opened=self.breaker.failed()) from None
        self.breaker.succeeded()
        # A server that is full or loading its data answers fast, so that it does not open the circuit.
        for reply in replies:
            if isinstance(reply, Refused):
                raise CacheUnavailable(str(reply))
        return replies

    def close(self) -> None:
        """Close the connection; the next call opens one."""
        with self._lock:
            self._drop()

    def _call(self, commands: Sequence[Command], deadline: float) -> list[Reply]:
        if not self._lock.acquire(timeout=self._seconds):
            raise NotCalled("the connection is busy")
        try:
            while True:
                connection = self._connected(deadline)
                may_be_stale = connection.used
                try:
                    return connection.exchange(commands, deadline)
                except OSError as error:
                    self._drop()
                    # Closed while the function was frozen, or by a fail-over: a new connection may work.
                    if not may_be_stale or not isinstance(error, Disconnected | ConnectionError):
                        raise
        finally:
            self._lock.release()

    def _connected(self, deadline: float) -> Connection:
        """Return the connection. Whoever starts to open one waits for it, until the deadline; others do not wait.

        That it takes longer is no failure: a TLS handshake can take 100 milliseconds on a small function.
        """
        if self._connection is None:
            wait = 0.0
            if self._opening is None:
                self._opening, wait = self._open(), max(0.0, deadline - time.monotonic())
            finished, _ = futures.wait([self._opening], timeout=wait)
            if not finished:
                raise NotCalled("connecting")
            opened, self._opening = self._opening, None
            self._connection = opened.result()
        return self._connection

    def _open(self) -> Future[Connection]:
        opening: Future[Connection] = Future()

        def connect() -> None:
            try:
                opening.set_result(Connection(self._address, CONNECT_SECONDS))
            except BaseException as error:  # noqa: BLE001 (raised again by whoever waits)
                opening.set_exception(error)

        Thread(target=connect, name="cache-connect", daemon=True).start()
        return opening

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
        self._connection = None


def _reason(error: Exception) -> str:
    """Return what to log of a failure: no text of the server, which may contain names of hosts."""
    return str(error) if isinstance(error, Refused) else type(error).__name__
