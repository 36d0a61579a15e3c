"""Resumable iteration over a list, in steps, while there is time."""

from collections.abc import Callable, Sequence

from pynamodb.attributes import UnicodeAttribute

from lamina import ids
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.sharded_list import Source, read
from lamina.storage.transactions import ConditionFailed

STEP = 100
"""Entries per step: the maximum of one BatchGetItem."""

type HasTime = Callable[[], bool]
"""Returns whether there is time for another step of up to one second."""


class Interrupted(Exception):
    """Time has run out, or another run is active. The next run continues."""


class CheckpointItem(Item, discriminator="checkpoint"):
    """The position of an iteration: `CHECKPOINT#<name>` / `POSITION`."""

    position = UnicodeAttribute(default="")
    began_at = UnicodeAttribute(null=True)
    """When the iteration last started over; by default when the item was created."""


def iterate(
    source: Source,
    visit: Callable[[Sequence[str]], None],
    has_time: HasTime,
    *,
    step: int = STEP,
    after: str = "",
    until: str = "",
    note: Callable[[str], None] = lambda _: None,
) -> None:
    """Visit a list in ascending order, step by step.

    Args:
        source: the list.
        visit: called with the positions of each step; with none if the list is empty.
        has_time: called before each step.
        step: maximum number of positions per step.
        after: position after which to continue; `""` for the start.
        until: upper bound of positions; `""` for the end of the list.
        note: called after each step with the position after which the next run may continue.

    Raises:
        Interrupted: if time runs out before the end.
    """
    more = True
    while more:
        if not has_time():
            raise Interrupted
        chunk = read(source, step, descending=False, after=after)
        positions = [position for position in chunk.items if not until or position <= until]
        visit(positions)
        more = chunk.more and len(positions) == len(chunk.items)
        after = positions[-1] if positions else after
        note(after)


def place(name: str) -> CheckpointItem:
    """Return the checkpoint of this name; a new one is at the start."""
    try:
        return CheckpointItem.get(*_place_key(name), consistent_read=True)
    except CheckpointItem.DoesNotExist:
        return CheckpointItem(*_place_key(name))


def keep(place: CheckpointItem, position: str) -> None:
    """Store the position of an iteration, by the sort value alone: the id would outlive its item here.

    Raises:
        Interrupted: if another run has stored a different position.
    """
    value, separator, _ = position.rpartition("#")
    if place.position == value + separator:
        return
    place.position = value + separator
    _save(place)


def start_over(place: CheckpointItem, every_seconds: int) -> None:
    """Reset the checkpoint, if the list was completed and the last start was long enough ago.

    Raises:
        Interrupted: if another run has stored a different position.
    """
    if (place.began_at or place.created_at) < ids.ago(every_seconds):
        place.position, place.began_at = "", ids.now()
        _save(place)


def _save(place: CheckpointItem) -> None:
    try:
        transactions.write(put=[place])
    except ConditionFailed:
        raise Interrupted from None


def _place_key(name: str) -> tuple[str, str]:
    return key("CHECKPOINT", name), "POSITION"
