"""Deletes many items in steps, while there is time; may be repeated."""

from collections import Counter
from collections.abc import Iterable
from itertools import batched

from lamina.storage.item import Entry
from lamina.storage.iteration import HasTime, Interrupted

STEP = 100
"""Items per step: four BatchWriteItem calls."""


class BatchDeletion:
    """A run that deletes items; `removed` counts them by kind."""

    def __init__(self, has_time: HasTime, *, dry_run: bool = False) -> None:
        """Create a run; a dry run counts what it would delete, and deletes nothing."""
        self._has_time = has_time
        self.dry_run = dry_run
        self.removed: Counter[str] = Counter()

    def check_time(self) -> None:
        """Check whether there is time for another step.

        Raises:
            Interrupted: if there is not.
        """
        if not self._has_time():
            raise Interrupted

    def remove(self, what: str, entries: Iterable[Entry]) -> None:
        """Delete items of any version; missing items are not an error.

        Args:
            what: kind of the items, in the plural, for the report.
            entries: a query, read while there is time.

        Raises:
            Interrupted: if time runs out before the end.
        """
        for step in batched(entries, STEP, strict=False):
            self.check_time()
            if not self.dry_run:
                with Entry.batch_write() as batch:
                    for entry in step:
                        batch.delete(Entry(entry.pk, entry.sk))
            self.removed[what] += len(step)
