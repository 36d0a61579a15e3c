"""What goes with a user: all by which it, or a program of its, could prove to be it."""

from lamina.identity.items import belongings
from lamina.storage.batch_deletion import Sweep
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


def purge(user_id: str, sweep: Sweep) -> None:
    """Remove what proves identity, of a user that is no longer: six queries, and a write for each item.

    Raises:
        Interrupted: before all was removed.
    """
    for what, prefix in OWN.items():
        sweep.remove(what, Entry.query(key("USER", user_id), Entry.sk.startswith(prefix)))
    sweep.remove("tokens and clients", belongings(user_id))
