"""The KMS keys that sign access tokens, and those that may have signed valid tokens.

The first key is created by the deployment. Rotation adds one to the key ring, an item of the table that every process
reads once per minute. A new key is published immediately and signs only after every verifier has had time to fetch it;
an old key is trusted until the last token that it signed has expired.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pynamodb.attributes import JSONAttribute

from lamina import ids
from lamina.errors import Conflict
from lamina.settings import settings
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed

ACCESS_SECONDS = 15 * 60
"""Lifetime of an access token in seconds."""
PUBLISHED_SECONDS = 300
"""How long the published key set may be cached (`Cache-Control` of the JWKS)."""
READ_SECONDS = 60
LEARNING = timedelta(seconds=PUBLISHED_SECONDS + 2 * READ_SECONDS)
"""Time from adding a key until it signs; by then every cache has been refreshed."""
OUTLIVING = timedelta(seconds=ACCESS_SECONDS + 2 * READ_SECONDS)
"""Time from a newer key's first signature until an older key is no longer trusted; its last tokens have expired."""
DAWN = "1970-01-01T00:00:00.000000Z"


class KeyRingItem(Item, discriminator="key_ring"):
    """The signing keys: `CONFIG#SIGNING` / `KEY_RING`."""

    keys = JSONAttribute()
    """`{id, added_at}` of each key, newest first."""


@dataclass(frozen=True)
class SigningKey:
    """A KMS signing key: its id, and when it was added."""

    id: str
    added_at: datetime

    @property
    def signs_from(self) -> datetime:
        """When every verifier has fetched it."""
        return self.added_at + LEARNING


_ring: list[SigningKey] = []
_read_at = 0.0


def newest_that_signs() -> str:
    """Return the id of the current signing key."""
    now = datetime.now(UTC)
    keys = ring()
    return next((key.id for key in keys if key.signs_from <= now), keys[-1].id)


def trusted() -> list[str]:
    """Return the ids of the keys that may have signed a valid token, newest first."""
    now = datetime.now(UTC)
    keys = ring()
    older = zip(keys[1:], keys, strict=False)
    return [keys[0].id, *(key.id for key, newer in older if newer.signs_from + OUTLIVING > now)]


def ring() -> list[SigningKey]:
    """Return all keys, newest first: one read per minute and process."""
    global _ring, _read_at  # noqa: PLW0603 (what this process knows of the ring)
    if not _ring or time.monotonic() - _read_at > READ_SECONDS:
        _ring = _keys(_stored())
        _read_at = time.monotonic()
    return _ring


def add(key_id: str) -> list[SigningKey]:
    """Add a key to the ring, and remove keys that can no longer have signed a valid token.

    Returns:
        The new ring.

    Raises:
        Conflict: if the ring is changed concurrently.
    """
    item = _stored() or KeyRingItem("CONFIG#SIGNING", "KEY_RING", keys=[])
    still = set(trusted())
    kept = [{"id": key.id, "added_at": ids.stamp(key.added_at)} for key in _keys(item) if key.id in still]
    item.keys = [{"id": key_id, "added_at": ids.now()}, *kept]
    try:
        transactions.write(put=[item])
    except ConditionFailed:
        raise Conflict from None
    return _keys(item)


def replace(key_id: str) -> list[SigningKey]:
    """Remove all keys from the ring but a new one, because somebody else may have signed with them.

    It signs as soon as a process has read the ring, within a minute; tokens of other keys are rejected from then on.

    Returns:
        The new ring.

    Raises:
        Conflict: if the ring is changed concurrently.
    """
    item = _stored() or KeyRingItem("CONFIG#SIGNING", "KEY_RING", keys=[])
    item.keys = [{"id": key_id, "added_at": ids.stamp(datetime.now(UTC) - LEARNING)}]
    try:
        transactions.write(put=[item])
    except ConditionFailed:
        raise Conflict from None
    return _keys(item)


def _stored() -> KeyRingItem | None:
    try:
        return KeyRingItem.get("CONFIG#SIGNING", "KEY_RING")
    except KeyRingItem.DoesNotExist:
        return None


def _keys(item: KeyRingItem | None) -> list[SigningKey]:
    stored = item.keys if item is not None else []
    known = stored or [{"id": key_id, "added_at": DAWN} for key_id in settings().signing_key_ids]
    return [SigningKey(key["id"], datetime.fromisoformat(key["added_at"])) for key in known]
