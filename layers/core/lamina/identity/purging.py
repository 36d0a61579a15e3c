"""What goes with a user: all by which it, or a program of its, could prove to be it."""

from lamina.identity.items import owned_items
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry
from lamina.storage.keys import key

OWN = {
    "credentials": "CREDENTIALS",
    "second factors": "MFA",
    "known origins": "KNOWN_ORIGINS",
    "changes of address": "EMAIL_CHANGE",
    "former addresses": "FORMER_EMAIL#",
    "sessions": "SESSION#",
    "API keys": "APIKEY#",
}
"""What lies in a user's partition, by the beginning of its sort keys."""


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Remove what proves identity, of a user that is no longer: six queries, and a write for each item.

    Raises:
        Interrupted: before all was removed.
    """
    for what, prefix in OWN.items():
        deletion.remove(what, Entry.query(key("USER", user_id), Entry.sk.startswith(prefix)))
    deletion.remove("tokens and clients", owned_items(user_id))
