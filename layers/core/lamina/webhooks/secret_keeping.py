"""The secrets of webhooks: encrypted in the table, each for its webhook alone; after a change, several are good."""

from functools import lru_cache

from lamina import ids
from lamina.storage.encryption import seal, unseal
from lamina.storage.keys import value_of
from lamina.webhooks.items import WebhookItem
from lamina.webhooks.signing import new_secret

OVERLAP_SECONDS = 24 * 3600
"""How long a secret that was replaced signs along, so that receivers can take up the new one in their own time."""
OLD_KEPT = 4
"""Secrets that sign along at the most, however often one is replaced."""
OPENED_KEPT = 512
"""Secrets that a process keeps in memory, so that a delivery costs no call of KMS."""


def seal_new(webhook_id: str) -> tuple[str, str]:
    """Make a secret for a webhook: its text, and what is kept of it."""
    text = new_secret()
    return text, seal(text, _context(webhook_id))


def replace(item: WebhookItem, sealed: str) -> None:
    """Let a webhook have a new secret; the one before it signs along for a day."""
    now = ids.now()
    old = [[item.secret, ids.ahead(OVERLAP_SECONDS)], *item.old_secrets]
    item.old_secrets = [[kept, until] for kept, until in old if until > now][:OLD_KEPT]
    item.secret = sealed


def signing_secrets(item: WebhookItem) -> list[str]:
    """Read the secrets by which a webhook signs now, newest first."""
    now = ids.now()
    sealed = [item.secret, *(kept for kept, until in item.old_secrets if until > now)]
    return [_open(text, value_of(item.pk)) for text in sealed]


@lru_cache(OPENED_KEPT)
def _open(sealed: str, webhook_id: str) -> str:
    return unseal(sealed, _context(webhook_id))


def _context(webhook_id: str) -> dict[str, str]:
    return {"secret_of_webhook": webhook_id}
