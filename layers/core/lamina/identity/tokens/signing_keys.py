"""Which KMS keys sign access tokens, and which may have signed those that are still good.

The first key comes with the deployment. Rotating adds one to the ring, an item of the table that every process reads
again once a minute. A new key is published at once and signs only when everybody who verifies has had time to learn
of it; an old one is trusted until the last token that it signed is over.
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
"""How long an access token is good."""
PUBLISHED_SECONDS = 300
"""How long others may keep the key set that we publish (`Cache-Control` of the JWKS)."""
READ_SECONDS = 60
LEARNING = timedelta(seconds=PUBLISHED_SECONDS + 2 * READ_SECONDS)
"""From adding a key until it signs: everybody has read it by then."""
OUTLIVING = timedelta(seconds=ACCESS_SECONDS + 2 * READ_SECONDS)
"""From a newer key's first signature until an older one is trusted no more: its last tokens are over by then."""
DAWN = "1970-01-01T00:00:00.000000Z"


class KeyRingItem(Item, discriminator="key_ring"):
    """The signing keys: `CONFIG#SIGNING` / `KEY_RING`."""

    keys = JSONAttribute()
    """`{id, added_at}` of each, newest first."""


@dataclass(frozen=True)
class SigningKey:
    """A KMS key that signs, or has signed: its id, and when it was added."""

    id: str
    added_at: datetime

    @property
    def signs_from(self) -> datetime:
        """When everybody has learnt of it."""
        return self.added_at + LEARNING


_ring: list[SigningKey] = []
_read_at = 0.0


def newest_that_signs() -> str:
    """Give the id of the key that signs now."""
    now = datetime.now(UTC)
    keys = ring()
    return next((key.id for key in keys if key.signs_from <= now), keys[-1].id)


def trusted() -> list[str]:
    """Give the ids of the keys that a good token may be signed by, newest first."""
    now = datetime.now(UTC)
    keys = ring()
    older = zip(keys[1:], keys, strict=False)
    return [keys[0].id, *(key.id for key, newer in older if newer.signs_from + OUTLIVING > now)]


def ring() -> list[SigningKey]:
    """Give all keys, newest first: one read a minute for each process."""
    global _ring, _read_at  # noqa: PLW0603 (what this process knows of the ring)
    if not _ring or time.monotonic() - _read_at > READ_SECONDS:
        _ring = _keys(_stored())
        _read_at = time.monotonic()
    return _ring


def add(key_id: str) -> list[SigningKey]:
    """Add a key to the ring, and take out those that no good token can be signed by.

    Returns:
        The ring as it is now.

    Raises:
        Conflict: when somebody else rotates at the same moment.
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


def _stored() -> KeyRingItem | None:
    try:
        return KeyRingItem.get("CONFIG#SIGNING", "KEY_RING")
    except KeyRingItem.DoesNotExist:
        return None


def _keys(item: KeyRingItem | None) -> list[SigningKey]:
    stored = item.keys if item is not None else []
    known = stored or [{"id": key_id, "added_at": DAWN} for key_id in settings().signing_key_ids]
    return [SigningKey(key["id"], datetime.fromisoformat(key["added_at"])) for key in known]
