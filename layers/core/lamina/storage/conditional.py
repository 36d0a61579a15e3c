"""Single conditional writes."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pynamodb.exceptions import DeleteError, PutError, UpdateError

from lamina.storage.item import Item

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action


def save(item: Item) -> bool:
    """Save an item if the table has the version that it expects, and return whether it has."""
    return _is_done(item.save)


def update(item: Item, actions: Sequence["Action"], condition: "Condition | None" = None) -> bool:
    """Update an item whatever its version, refresh it from the table, and return whether the condition was met."""
    return _is_done(lambda: item.update(list(actions), condition=condition, add_version_condition=False))


def delete(item: Item, condition: "Condition") -> bool:
    """Delete an item whatever its version, and return whether the condition was met."""
    return _is_done(lambda: item.delete(condition=condition, add_version_condition=False))


def _is_done(write: Callable[[], object]) -> bool:
    try:
        write()
    except (DeleteError, PutError, UpdateError) as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True
