"""The cache that all processes share: values, leases and generations on a server of Valkey or Redis.

- **Lease.** Whoever finds no value takes a lease on its key and fills it; others wait for a moment for the value. An
  invalidation deletes the lease too, so that a value that was read before a change is not stored after it.
- **Generation.** Each beginning of a key has a random generation, and each value names those that it was made in.
  A pattern is invalidated by new generations: `KEYS` and `SCAN` would read the whole server.

All keys of a namespace share a hash tag, so that one command may take several of them on a cluster.
"""

import secrets
import time
from dataclasses import dataclass

from lamina.cache.client import CacheUnavailable, Client
from lamina.cache.keys import prefixes_of
from lamina.cache.resp import Command, Reply

LEASE_SECONDS = 3.0
"""How long others leave it to the holder of a lease to fill a key: a request's calls of the table take less."""
WAIT_SECONDS = 0.1
"""How long they wait for it; then they make the value themselves and do not store it."""
FIRST_PAUSE_SECONDS = 0.004
GENERATION_SECONDS = 7_200
"""How long a generation lives after it was last used: longer than any value."""
MAX_VALUE = 1_000_000
"""Bytes of a value that is stored: a larger one would take longer than the deadline."""

_FILL = """if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1"""


@dataclass(frozen=True)
class Lease:
    """The right to fill a key: who holds it, and the generations that its value belongs to."""

    token: bytes
    generations: bytes


class Shared:
    """The values of one deployment on a server.

    Args:
        client: the client.
        deployment: a name that no other deployment on the server has.
    """

    def __init__(self, client: Client, deployment: str) -> None:
        self.client = client
        self._deployment = deployment

    def get(self, key: str) -> bytes | None:
        """Return the value of a key: one round trip.

        Raises:
            CacheUnavailable: here and below, if the server does not answer in time.
        """
        (found,) = self.client.call(("MGET", self._name("v", key), *self._generation_names(key)))
        return _current(found)

    def lease(self, key: str) -> bytes | Lease | None:
        """Return the value of a key, or the lease to fill it, or None: somebody else has the lease and is slow."""
        deadline = time.monotonic() + WAIT_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            if (value := self.get(key)) is not None:
                return value
            if (taken := self._take(key)) is not None:
                return taken
            if time.monotonic() + pause > deadline:
                return None
            time.sleep(pause)
            pause *= 2

    def fill(self, key: str, lease: Lease, value: bytes, seconds: float) -> bool:
        """Store a value, unless the key was invalidated since the lease was taken; return whether it is stored."""
        if len(value) > MAX_VALUE:
            self.delete(key)
            return False
        names = (self._name("l", key), self._name("v", key))
        stored = _packed(lease.generations, value)
        return self.client.call(("EVAL", _FILL, 2, *names, lease.token, stored, _milliseconds(seconds))) == [1]

    def put(self, key: str, value: bytes, seconds: float) -> bool:
        """Store a value that was just written to where it comes from; return whether it is stored."""
        if len(value) > MAX_VALUE:
            return False
        generations = self._generations(key)
        stored = _packed(generations, value)
        self.client.call(
            ("DEL", self._name("l", key)), ("SET", self._name("v", key), stored, "PX", _milliseconds(seconds))
        )
        return True

    def delete(self, key: str) -> None:
        """Delete the value of a key, and the right to store an older one."""
        self.client.call(("DEL", self._name("v", key), self._name("l", key)))

    def delete_below(self, prefix: str) -> None:
        """Invalidate every value whose key starts with a prefix: one command, however many there are."""
        self.client.call(("SET", self._name("g", prefix), secrets.token_hex(8), "EX", GENERATION_SECONDS))

    def _take(self, key: str) -> bytes | Lease | None:
        """Return the lease, or None if it is taken; or the value, if its last holder has just stored it."""
        token = secrets.token_hex(8).encode()
        *_, taken, found = self.client.call(
            *self._starts(key),
            ("SET", self._name("l", key), token, "NX", "PX", _milliseconds(LEASE_SECONDS)),
            ("MGET", self._name("v", key), *self._generation_names(key)),
        )
        if taken is None:
            return None
        if (value := _current(found)) is not None:
            self.client.call(("DEL", self._name("l", key)))
            return value
        return Lease(token, _joined(found[1:] if isinstance(found, list) else None))

    def _generations(self, key: str) -> bytes:
        *_, generations = self.client.call(*self._starts(key), ("MGET", *self._generation_names(key)))
        return _joined(generations)

    def _starts(self, key: str) -> list[Command]:
        """Return the commands that start the generations of a key which have not begun, and keep the others alive."""
        names = self._generation_names(key)
        begin: list[Command] = [("SET", name, secrets.token_hex(8), "NX", "EX", GENERATION_SECONDS) for name in names]
        keep: list[Command] = [("EXPIRE", name, GENERATION_SECONDS) for name in names]
        return [*begin, *keep]

    def _generation_names(self, key: str) -> list[str]:
        return [self._name("g", prefix) for prefix in prefixes_of(key)]

    def _name(self, kind: str, key: str) -> str:
        namespace = key.split(":", 1)[0]
        return f"{self._deployment}:{{{namespace}}}:{kind}:{key}"


def _packed(generations: bytes, value: bytes) -> bytes:
    return generations + b"\n" + value


def _current(found: Reply) -> bytes | None:
    """Return the value of `MGET value generation…`; None if it is of earlier generations."""
    if not isinstance(found, list) or not found or not isinstance(found[0], bytes):
        return None
    generations, _, value = found[0].partition(b"\n")
    return value if generations == _joined(found[1:]) else None


def _joined(generations: Reply) -> bytes:
    """Return generations as text that equals no other; one that is unknown makes them unequal to all."""
    if not isinstance(generations, list):
        raise CacheUnavailable("not generations")
    return b",".join(each if isinstance(each, bytes) else secrets.token_hex(8).encode() for each in generations)


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
