"""Removing many items that nobody needs any more: in steps, while there is time, as often as one likes."""

from collections import Counter
from collections.abc import Iterable
from itertools import batched

from lamina.storage.item import Entry
from lamina.storage.iteration import HasTime, Interrupted

STEP = 100
"""Items of one step: four BatchWriteItem calls."""


class BatchDeletion:
    """One run that removes things; `removed` counts them by what they are."""

    def __init__(self, has_time: HasTime, *, dry_run: bool = False) -> None:
        """Say how long it may take; a dry run counts what it would remove, and removes nothing."""
        self._has_time = has_time
        self.dry_run = dry_run
        self.removed: Counter[str] = Counter()

    def check_time(self) -> None:
        """Go on only if there is time for another step.

        Raises:
            Interrupted: if not.
        """
        if not self._has_time():
            raise Interrupted

    def remove(self, what: str, entries: Iterable[Entry]) -> None:
        """Remove items whatever their version; those that are gone already are no error.

        Args:
            what: they are, in the plural, for the report.
            entries: a query, read as far as there is time.

        Raises:
            Interrupted: before the end was reached.
        """
        for step in batched(entries, STEP, strict=False):
            self.check_time()
            if not self.dry_run:
                with Entry.batch_write() as batch:
                    for entry in step:
                        batch.delete(Entry(entry.pk, entry.sk))
            self.removed[what] += len(step)
