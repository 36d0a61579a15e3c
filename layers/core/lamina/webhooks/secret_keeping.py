"""Signing secrets of webhooks: encrypted in the table, each for its webhook; after a rotation, several are valid."""

from functools import lru_cache

from lamina import ids
from lamina.storage.encryption import decrypt, encrypt
from lamina.storage.keys import value_of
from lamina.webhooks.items import WebhookItem
from lamina.webhooks.signing import new_secret

OVERLAP_SECONDS = 24 * 3600
"""How long a replaced secret still signs, so that receivers can switch to the new one in time."""
OLD_KEPT = 4
"""Maximum number of replaced secrets that still sign."""
OPENED_KEPT = 512
"""Maximum number of secrets cached in memory, so that a delivery needs no call of KMS."""


def create_encrypted(webhook_id: str) -> tuple[str, str]:
    """Create a secret for a webhook; return its text and its encrypted form."""
    text = new_secret()
    return text, encrypt(text, _context(webhook_id))


def replace(item: WebhookItem, encrypted: str) -> None:
    """Set a new secret of a webhook; the previous one still signs for 24 hours."""
    now = ids.now()
    old = [[item.secret, ids.ahead(OVERLAP_SECONDS)], *item.old_secrets]
    item.old_secrets = [[kept, until] for kept, until in old if until > now][:OLD_KEPT]
    item.secret = encrypted


def signing_secrets(item: WebhookItem) -> list[str]:
    """Return the secrets with which a webhook signs now, newest first."""
    now = ids.now()
    encrypted = [item.secret, *(kept for kept, until in item.old_secrets if until > now)]
    return [_open(text, value_of(item.pk)) for text in encrypted]


@lru_cache(OPENED_KEPT)
def _open(encrypted: str, webhook_id: str) -> str:
    return decrypt(encrypted, _context(webhook_id))


def _context(webhook_id: str) -> dict[str, str]:
    return {"secret_of_webhook": webhook_id}
