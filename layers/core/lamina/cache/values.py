"""Cached values of one kind, by key: in this process, and in the shared cache if there is one."""

import random
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from lamina.cache.codecs import JSON, UNREADABLE, Codec, decode, encode
from lamina.cache.flights import Flight, Flights
from lamina.cache.keys import Part, key_of, prefix_of
from lamina.cache.memory import Memory
from lamina.observability.counts import count
from lamina.observability.logs import logger
from lamina.settings import settings

if TYPE_CHECKING:
    from lamina.cache.shared import Lease, Shared

HITS, MISSES, FAILURES = "CacheHits", "CacheMisses", "CacheFailures"
HOUR = 3_600.0
UNVERSIONED_SECONDS = 30.0
"""How long a value may be wrong at most."""

memory = Memory()
flights = Flights()


class Values[T]:
    """Values of one kind. A key is text, numbers, booleans or None, at most four of them."""

    def __init__(
        self,
        namespace: str,
        *,
        codec: Codec[T] = JSON,
        seconds: float | None = None,
        none_seconds: float = 0,
        versioned: bool = False,
    ) -> None:
        """Create an empty cache of values, which are the same for every caller.

        Args:
            namespace: a name that no other values have. Change it when their stored form changes.
            codec: converts values to JSON and back.
            seconds: how long a value is kept; an hour if it is versioned, else 30 seconds.
            none_seconds: how long it is kept that there is no value (None); 0 not to keep it.
            versioned: whether a value can do no harm, because its key contains a version or its user checks it.
                Otherwise it can be kept for 30 seconds at most.

        Raises:
            ValueError: if it would be kept for longer than that.
        """
        seconds = seconds if seconds is not None else HOUR if versioned else UNVERSIONED_SECONDS
        if not versioned and max(seconds, none_seconds) > UNVERSIONED_SECONDS:
            raise ValueError(f"{namespace}: without a version in its key, a value is kept for 30 seconds at most")
        self._namespace = namespace
        self._codec = codec
        self._seconds = seconds
        self._none_seconds = none_seconds
        self._versioned = versioned

    def get(self, *parts: Part) -> T | None:
        """Return a value; None if it is not cached."""
        key = key_of(self._namespace, parts)
        found, value = self._in_memory(key)
        if found:
            return value
        stored = ask_shared(lambda shared: shared.get(key))
        found, value = self._read(stored)
        count(HITS if found else MISSES)
        if found and stored is not None:
            self._remember(key, stored)
        return value

    def get_or_make(self, make: Callable[[], T], *parts: object) -> T:
        """Return a value, or make and keep it: once, however many threads and processes need it.

        Raises:
            Exception: any exception of `make`.
        """
        key = key_of(self._namespace, parts)
        found, value = self._in_memory(key)
        if not found:
            value = flights.once(key, lambda flight: self._load(key, flight, make))
        return value  # type: ignore[return-value]  # None is kept only if `make` returns it

    def put(self, value: T, *parts: object) -> None:
        """Keep a value that has just been written to where it comes from, or read from there (write-through)."""
        key, stored = key_of(self._namespace, parts), encode(self._codec, value)
        flights.outdate(key, exactly=True)
        if (seconds := self._time(stored)) > 0:
            ask_shared(lambda shared: shared.put(key, stored, seconds))
            self._remember(key, stored)

    def forget(self, *parts: object) -> None:
        """Forget a value, after it was changed where it comes from."""
        key = key_of(self._namespace, parts)
        flights.outdate(key, exactly=True)
        memory.delete(key)
        ask_shared(lambda shared: shared.delete(key))

    def _load(self, key: str, flight: Flight, make: Callable[[], T]) -> T | None:
        """Return the shared value, or make it and store it."""
        leased = ask_shared(lambda shared: shared.lease(key))
        if isinstance(leased, bytes):
            found, value = self._read(leased)
            if found:
                count(HITS)
                self._remember(key, leased, flight)
                return value
        count(MISSES)
        seconds, stored = 0.0, b""
        try:
            value = make()
            stored = encode(self._codec, value)
            seconds = self._time(stored)
        finally:
            _store(key, leased, stored, seconds)
        if seconds:
            self._remember(key, stored, flight)
        return value

    def _in_memory(self, key: str) -> tuple[bool, T | None]:
        """Return whether this process has the value, and the value."""
        found, value = self._read(memory.get(key))
        if found:
            count(HITS)
        return found, value

    def _read(self, stored: bytes | None) -> tuple[bool, T | None]:
        if stored is None:
            return False, None
        try:
            return True, decode(self._codec, stored)
        except UNREADABLE:
            count(FAILURES)
            return False, None

    def _remember(self, key: str, stored: bytes, flight: Flight | None = None) -> None:
        """Keep a value in this process, unless other processes may invalidate it in the shared cache."""
        if self._versioned or shared_cache() is None:
            memory.put(key, stored, self._time(stored))
            if flight is not None and not flight.current:  # an invalidation may have come before it was stored
                memory.delete(key)

    def _time(self, stored: bytes) -> float:
        """Return the seconds for which to store a value, somewhat less at random: not all shall end at once."""
        seconds = self._none_seconds if stored == encode(self._codec, None) else self._seconds
        return seconds * random.uniform(0.9, 1)  # noqa: S311 (no secret)


def invalidate(pattern: str) -> None:
    """Forget all values whose keys match `namespace:*` or `namespace:part:*`: here, and in the shared cache.

    Other processes that cache in themselves keep theirs until their time is over.
    """
    prefix = prefix_of(pattern)
    flights.outdate(prefix)
    memory.delete_below(prefix)
    ask_shared(lambda shared: shared.delete_below(prefix))


def _store(key: str, leased: "bytes | Lease | None", stored: bytes, seconds: float) -> None:
    """Store a value that was made, or give up the lease if there is none."""
    if leased is None:
        return
    if isinstance(leased, bytes) or not seconds:  # bytes: what other code stored, and this code cannot read
        ask_shared(lambda shared: shared.delete(key))
    else:
        ask_shared(lambda shared: shared.fill(key, leased, stored, seconds))


@cache
def shared_cache() -> "Shared | None":
    """Return the shared cache of this process; None if there is none. Its client is imported only then."""
    if not settings().cache_url:
        return None
    from lamina.cache.client import Client
    from lamina.cache.resp import address_of
    from lamina.cache.shared import Shared

    return Shared(Client(address_of(settings().cache_url)), settings().table)


def ask_shared[R](question: "Callable[[Shared], R]") -> R | None:
    """Return the answer of the shared cache; None if there is none, or it fails: then that is counted."""
    shared = shared_cache()
    if shared is None:
        return None
    from lamina.cache.client import CacheUnavailable, NotCalled

    try:
        return question(shared)
    except NotCalled:
        return None
    except CacheUnavailable as failure:
        count(FAILURES)
        if failure.opened:
            logger.warning("cache unavailable", extra={"reason": str(failure)})
        return None
