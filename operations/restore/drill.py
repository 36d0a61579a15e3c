"""The restore drill: restores the table into a new one, verifies it, prints how long it took, and cleans up."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operations.restore import tables
from operations.restore.comparison import Comparison, Sample, compare
from operations.restore.tables import Restored
from operations.restore.verification import Findings, Verification


@dataclass
class Report:
    """The result of a drill.

    Attributes:
        restored: the table that was made, and the instant that it shows.
        rpo_seconds: what would have been lost: from that instant to the start of the drill.
        restore_seconds: until the table was active.
        verify_seconds: until it was verified.
        findings: of the verification.
        comparison: with the source.
    """

    restored: Restored
    rpo_seconds: float
    restore_seconds: float
    verify_seconds: float
    findings: Findings
    comparison: Comparison

    @property
    def is_good(self) -> bool:
        """Whether the restored table can be used."""
        return not self.findings.violations and self.comparison.is_good

    def lines(self) -> Iterator[str]:
        """Yield the report for people."""
        kinds = ", ".join(f"{count:,} {kind or '(no kind)'}" for kind, count in sorted(self.findings.counts.items()))
        checked = ", ".join(f"{count:,} {what}" for what, count in sorted(self.findings.checked.items()))
        found = self.comparison
        yield f"restored: {self.findings.counts.total():,} items as of {self.restored.as_of:%Y-%m-%d %H:%M:%S} UTC"
        yield f"  {kinds}"
        yield f"verified: {checked or 'nothing'}"
        yield f"samples:  {found.same} the same, {found.changed} changed since, {found.different} different"
        for kind, count in sorted(found.missing.items()):
            yield f"missing:  at least {count:,} {kind or '(no kind)'}"
        for message in self.findings.shown:
            yield f"violated: {message}"
        if self.findings.in_flight:
            yield f"in part:  {self.findings.in_flight} changes of the last seconds before"
        yield f"RPO {self.rpo_seconds:,.0f} s: what was written later than this before the drill is not in it"
        total = self.restore_seconds + self.verify_seconds
        yield f"RTO {total:,.1f} s: restored in {self.restore_seconds:,.1f} s, verified in {self.verify_seconds:,.1f} s"
        yield f"result:   {'good' if self.is_good else 'NOT GOOD'}: {self.findings.violations:,} invariants violated"


def drill_backup(client: Any, table: str, arn: str = "") -> Report:  # noqa: ANN401
    """Restore a backup, one that is made now by default, and verify it; both are removed again."""
    with _backup(client, table, arn) as chosen:
        return _drill(client, table, lambda target: tables.restore_backup(client, chosen, target))


def drill_point_in_time(client: Any, table: str, at: datetime | None = None) -> Report:  # noqa: ANN401
    """Restore a table as of an instant, the latest possible one by default, and verify it; it is removed again."""
    return _drill(client, table, lambda target: tables.restore_point_in_time(client, table, target, at))


def _drill(client: Any, table: str, restore: Callable[[str], Restored]) -> Report:  # noqa: ANN401
    target = tables.stamped("drill", table)
    began, started = datetime.now(UTC), time.monotonic()
    try:
        restored = restore(target)
        active = time.monotonic()
        sample = Sample()
        findings = Verification(restored.as_of).read(sample.pass_through(tables.scan(client, target)))
        verified = time.monotonic()
        comparison = compare(client, table, findings.counts, sample.items, restored.as_of)
    finally:
        _remove_if_made(client, target)
    rpo = max(0.0, (began - restored.as_of).total_seconds())
    return Report(restored, rpo, active - started, verified - active, findings, comparison)


@contextmanager
def _backup(client: Any, table: str, arn: str) -> Iterator[str]:  # noqa: ANN401
    if arn:
        yield arn
        return
    made = tables.back_up(client, table, tables.stamped("drill", table))["BackupArn"]
    try:
        yield made
    finally:
        client.delete_backup(BackupArn=made)


def _remove_if_made(client: Any, table: str) -> None:  # noqa: ANN401
    try:
        tables.remove(client, table)
    except client.exceptions.ResourceNotFoundException:
        return
