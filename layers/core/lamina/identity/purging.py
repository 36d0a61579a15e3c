"""Purges the credentials, sessions and tokens of a user."""

from lamina.identity.items import owned_items
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry
from lamina.storage.keys import key

OWN = {
    "credentials": "CREDENTIALS",
    "second factors": "MFA",
    "trusted devices": "TRUSTED_DEVICES",
    "changes of address": "EMAIL_CHANGE",
    "former addresses": "FORMER_EMAIL#",
    "sessions": "SESSION#",
    "API keys": "APIKEY#",
}
"""Items in a user's partition, by the prefix of their sort keys."""


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Delete the identity items of a purged user: six queries, and a write per item.

    Raises:
        Interrupted: if time runs out before all are deleted.
    """
    for what, prefix in OWN.items():
        deletion.remove(what, Entry.query(key("USER", user_id), Entry.sk.startswith(prefix)))
    deletion.remove("tokens and clients", owned_items(user_id))
