"""One-time tokens, for mailed links and for the second step of a sign-in.

A token is stored as a hash. It is valid for one purpose, a short time and one use, and only while what it is bound to
(an address, a password) is unchanged.
"""

import time
from dataclasses import dataclass
from enum import StrEnum

from pynamodb.attributes import UnicodeAttribute

from lamina import ids
from lamina.identity.items import add_to_owner_index
from lamina.identity.tokens.token_secrets import digest, new_secret
from lamina.storage.item import Item
from lamina.storage.keys import key


class Purpose(StrEnum):
    """The purpose of a token."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 (a purpose, not a password)
    CONFIRM_EMAIL = "confirm_email"
    UNDO_EMAIL_CHANGE = "undo_email_change"
    SECOND_FACTOR = "second_factor"
    SIGN_IN = "sign_in"


LIFE_SECONDS = {
    Purpose.VERIFY_EMAIL: 24 * 3600,
    Purpose.RESET_PASSWORD: 30 * 60,
    Purpose.CONFIRM_EMAIL: 24 * 3600,
    Purpose.UNDO_EMAIL_CHANGE: 72 * 3600,
    Purpose.SECOND_FACTOR: 5 * 60,
    Purpose.SIGN_IN: 15 * 60,
}


class OneTimeTokenItem(Item, discriminator="one_time_token"):
    """A one-time token, by its hash: `ONETIME#<sha256>` / `TOKEN`."""

    purpose = UnicodeAttribute()
    user_id = UnicodeAttribute()
    bound_to = UnicodeAttribute()


@dataclass(frozen=True)
class NewToken:
    """A newly created token: the text for its holder, the item for the table."""

    text: str
    item: OneTimeTokenItem


def new_token(purpose: Purpose, user_id: str, bound_to: str) -> NewToken:
    """Create a token; `bound_to` is the state that must be unchanged when it is used."""
    text = new_secret()
    item = OneTimeTokenItem(
        key("ONETIME", digest(text)),
        "TOKEN",
        purpose=purpose,
        user_id=user_id,
        bound_to=bound_to,
        created_by=user_id,
        expires_at=ids.epoch_in(LIFE_SECONDS[purpose]),
    )
    add_to_owner_index(user_id, item)
    return NewToken(text, item)


def find(purpose: Purpose, text: str) -> OneTimeTokenItem | None:
    """Return a valid token for a purpose, else None. The transaction of its use must delete it."""
    try:
        item = OneTimeTokenItem.get(key("ONETIME", digest(text)), "TOKEN", consistent_read=True)
    except OneTimeTokenItem.DoesNotExist:
        return None
    return item if item.purpose == purpose and (item.expires_at or 0) > time.time() else None


def is_spent(item: OneTimeTokenItem) -> bool:
    """Return whether a token was used by somebody else after it was read."""
    try:
        item.refresh(consistent_read=True)
    except OneTimeTokenItem.DoesNotExist:
        return True
    return False
