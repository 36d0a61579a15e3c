"""Table items of mail."""

from pynamodb.attributes import UnicodeAttribute

from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.transactions import ConditionFailed


class RefusedAddressItem(Item, discriminator="refused_address"):
    """An address that SES rejects permanently: `USER#<id>` / `REFUSED_ADDRESS`. Void once the user has another."""

    address = UnicodeAttribute()


class WelcomeItem(Item, discriminator="welcome"):
    """The record that a user was welcomed, and for which event: `USER#<id>` / `WELCOME`."""

    event_id = UnicodeAttribute()


def welcome_key(user_id: str) -> tuple[str, str]:
    """Return the key of the record that a user was welcomed."""
    return key("USER", user_id), "WELCOME"


def refused_address_key(user_id: str) -> tuple[str, str]:
    """Return the key of the rejected address of a user."""
    return key("USER", user_id), "REFUSED_ADDRESS"


def is_refused(user_id: str, address: str) -> bool:
    """Return whether SES has permanently rejected this address of a user."""
    found = _refused(user_id)
    return found is not None and found.address == address


def mark_refused(user_id: str, address: str) -> None:
    """Record that SES rejects this address of a user, in place of an earlier one."""
    found = _refused(user_id)
    item = RefusedAddressItem(*refused_address_key(user_id), address=address)
    try:
        transactions.write(put=[item.over(found.version if found else None)])
    except ConditionFailed:
        return  # another mail has been rejected concurrently; at worst, the next one is rejected too


def _refused(user_id: str) -> RefusedAddressItem | None:
    try:
        return RefusedAddressItem.get(*refused_address_key(user_id))
    except RefusedAddressItem.DoesNotExist:
        return None


def is_first(user_id: str, event_id: str) -> bool:
    """Return whether a user is welcomed for this event: it is the first one, or a redelivery of it."""
    welcome = WelcomeItem(*welcome_key(user_id), event_id=event_id, created_by=user_id)
    try:
        transactions.write(put=[welcome])
    except ConditionFailed as refused:
        return any(found["event_id"]["S"] == event_id for found in refused.found.values())
    return True
