"""Long walks over a list: in steps, while there is time, and on from there the next time."""

from collections.abc import Callable, Sequence

from pynamodb.attributes import UnicodeAttribute

from lamina import ids
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.sharded_list import Source, read
from lamina.storage.transactions import ConditionFailed

STEP = 100
"""Entries of one step: what one BatchGetItem reads."""

type HasTime = Callable[[], bool]
"""Tells whether there is time for another step, of a second at the most."""


class Interrupted(Exception):
    """It ends here for now: there is no time for another step, or another run is at it. The next run goes on."""


class CheckpointItem(Item, discriminator="place"):
    """How far a walk has come: `WALK#<name>` / `PLACE`."""

    position = UnicodeAttribute(default="")
    began_at = UnicodeAttribute(null=True)
    """When the walk last began at the start, if not when the item was made."""


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
        visit: is given the positions of a step; none where the list is empty.
        has_time: asked before each step.
        step: positions of one step at the most.
        after: where an earlier run has left off; `""` for the start.
        until: the walk ends before the first position beyond this; `""` for the end of the list.
        note: told behind which position the next run may go on, once a step is done.

    Raises:
        Interrupted: before the end was reached.
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
    """Read how far the walk of this name has come; a new one stands at the start."""
    try:
        return CheckpointItem.get(*_place_key(name), consistent_read=True)
    except CheckpointItem.DoesNotExist:
        return CheckpointItem(*_place_key(name))


def keep(place: CheckpointItem, position: str) -> None:
    """Remember how far a walk has come, by the sort value alone: the id that goes with it would outlive its item here.

    Raises:
        Interrupted: when another run has remembered something else meanwhile.
    """
    value, separator, _ = position.rpartition("#")
    if place.position == value + separator:
        return
    place.position = value + separator
    _save(place)


def start_over(place: CheckpointItem, every_seconds: int) -> None:
    """Let the next run of a walk that has come to its end begin at the start, if this one began so long ago.

    Raises:
        Interrupted: when another run has remembered something else meanwhile.
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
    return key("WALK", name), "PLACE"
