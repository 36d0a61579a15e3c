"""What mail has to remember."""

from pynamodb.attributes import UnicodeAttribute

from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.transactions import ConditionFailed


class RefusedAddressItem(Item, discriminator="refused_address"):
    """The address of a user that SES refuses for good: `USER#<id>` / `REFUSED_ADDRESS`. Another one makes it void."""

    address = UnicodeAttribute()


class WelcomeItem(Item, discriminator="welcome"):
    """That a user was welcomed, and in answer to which event: `USER#<id>` / `WELCOME`."""

    event_id = UnicodeAttribute()


def welcome_key(user_id: str) -> tuple[str, str]:
    """Give the key of the record that a user was welcomed."""
    return key("USER", user_id), "WELCOME"


def refused_address_key(user_id: str) -> tuple[str, str]:
    """Return the key of the address of a user that SES refuses."""
    return key("USER", user_id), "REFUSED_ADDRESS"


def is_refused(user_id: str, address: str) -> bool:
    """Return whether SES has refused this address of a user for good."""
    found = _refused(user_id)
    return found is not None and found.address == address


def mark_refused(user_id: str, address: str) -> None:
    """Remember that SES refuses this address of a user; one refused earlier is forgotten."""
    found = _refused(user_id)
    item = RefusedAddressItem(*refused_address_key(user_id), address=address)
    try:
        transactions.write(put=[item.over(found.version if found else None)])
    except ConditionFailed:
        return  # another mail has just been refused; at worst, the next one is as well


def _refused(user_id: str) -> RefusedAddressItem | None:
    try:
        return RefusedAddressItem.get(*refused_address_key(user_id))
    except RefusedAddressItem.DoesNotExist:
        return None


def is_first(user_id: str, event_id: str) -> bool:
    """Tell whether this is the event that a user is welcomed for: none was before it, and it may come again."""
    welcome = WelcomeItem(*welcome_key(user_id), event_id=event_id, created_by=user_id)
    try:
        transactions.write(put=[welcome])
    except ConditionFailed as refused:
        return any(found["event_id"]["S"] == event_id for found in refused.found.values())
    return True
