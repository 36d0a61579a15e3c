"""What mail has to remember."""

from pynamodb.attributes import UnicodeAttribute

from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.transactions import ConditionFailed


class WelcomeItem(Item, discriminator="welcome"):
    """That a user was welcomed, and in answer to which event: `USER#<id>` / `WELCOME`."""

    event_id = UnicodeAttribute()


def welcome_key(user_id: str) -> tuple[str, str]:
    """Give the key of the record that a user was welcomed."""
    return key("USER", user_id), "WELCOME"


def is_first(user_id: str, event_id: str) -> bool:
    """Tell whether this is the event that a user is welcomed for: none was before it, and it may come again."""
    welcome = WelcomeItem(*welcome_key(user_id), event_id=event_id, created_by=user_id)
    try:
        transactions.write(put=[welcome])
    except ConditionFailed as refused:
        return any(found["event_id"]["S"] == event_id for found in refused.found.values())
    return True
