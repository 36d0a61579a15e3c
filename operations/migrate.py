"""`make migrate`: runs the data migrations of `migrations/` that are pending, with the operator's credentials.

It reads the whole table and changes items while the stack serves; it can be stopped and run again at any time, and
continues where it was. `DRY_RUN=1` writes nothing, `STATUS=1` lists all migrations, `BACK=0001` undoes this migration
and all later ones. `LOCAL=1` selects the running local stack. See docs/changing-data.md.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

import boto3
from botocore.config import Config

from operations.command import explained, parse, parser
from operations.connection import connect
from operations.migrations.catalog import Direction, InvalidMigration, Migration, load
from operations.migrations.rewriting import ItemFailed, Table
from operations.migrations.running import SEGMENTS, UNITS_PER_SECOND, Options, StillChanging, preview, run
from operations.migrations.state import LEASE_SECONDS, Head, LeaseLost, Segment, Status, Store
from operations.migrations.throttle import Stopped

PATIENCE_SECONDS = LEASE_SECONDS + 5
"""How long to wait for the lease of another process: one that was killed does not renew it."""
RETRY_SECONDS = 1.0
INTERRUPTED = 130


def main() -> int:
    """Read the command line, and migrate a deployed stack; return the exit code: 1 if it is to be repeated."""
    options = parser("migrate", __doc__)
    add_options(options)
    given = parse(options)
    with explained(given.stack, given.region):
        connect(given.stack)
        return migrate(given)


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the options of this command to a parser."""
    options.add_argument("--status", action="store_true", help="list all migrations and where they are")
    options.add_argument("--dry-run", action="store_true", help="count what would be changed, and write nothing")
    options.add_argument("--back", metavar="NNNN", default="", help="undo this migration and all later ones")
    options.add_argument("--again", action="store_true", help="also run migrations that are complete")
    options.add_argument("--rate", type=float, default=UNITS_PER_SECOND, help="capacity units a second; 0: no limit")
    options.add_argument("--segments", type=int, default=SEGMENTS, help="parts of the table that are read in parallel")


def migrate(given: argparse.Namespace) -> int:
    """Do what the options say, on the table of the connected stack; return the exit code."""
    config = Config(max_pool_connections=given.segments + 2, retries={"mode": "standard", "total_max_attempts": 8})
    table = Table(boto3.client("dynamodb", config=config), os.environ["LAMINA_TABLE"])
    try:
        migrations = load()
        if given.status:
            return _print_status(table, migrations)
        return _run_all(table, migrations, given)
    except (InvalidMigration, ItemFailed, LeaseLost) as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1
    except StillChanging:
        advice = "the previous release still writes the old version: deploy this release everywhere, then run it again"
        print(f"stopped: {advice}", file=sys.stderr)
        return 1
    except Stopped:
        print("stopped: run the command again to continue", file=sys.stderr)
        return INTERRUPTED


def _print_status(table: Table, migrations: Sequence[Migration]) -> int:
    for migration in migrations:
        head = Store(table).head(migration.name)
        done = f", {head.changed:,} items changed, {head.updated_at}" if head.updated_at else ""
        print(f"{migration.name}: {head.status}{done}\n    {migration.summary}")
    return 0


def _run_all(table: Table, migrations: Sequence[Migration], given: argparse.Namespace) -> int:
    direction, chosen = _chosen(table, migrations, given)
    if not chosen:
        print("nothing is pending")
    options = Options(segments=given.segments, units_per_second=given.rate)
    stop = _stopped_by_signals()
    for migration in chosen:
        if given.dry_run:
            found = preview(table, migration, direction, options=options)
            changes = f" ({', '.join(sorted(found.attributes))})" if found.attributes else ""
            print(f"{migration.name}: would change {found.items:,} of {found.read:,} items{changes}")
        else:
            started = time.monotonic()
            head = _run_patiently(table, migration, direction, options, stop)
            seconds = time.monotonic() - started
            print(f"{migration.name}: {head.status}, {head.changed:,} items changed in {seconds:.1f} s")
    return 0


def _chosen(
    table: Table, migrations: Sequence[Migration], given: argparse.Namespace
) -> tuple[Direction, list[Migration]]:
    """Return the migrations to run, in the order in which to run them."""
    direction = Direction.BACK if given.back else Direction.FORWARD
    ended = Status.UNDONE if given.back else Status.DONE
    if given.back and not any(migration.name.startswith(given.back) for migration in migrations):
        raise InvalidMigration(f"there is no migration {given.back}")
    ordered = [each for each in reversed(migrations) if each.name >= given.back] if given.back else migrations
    store = Store(table)
    return direction, [each for each in ordered if given.again or store.head(each.name).status is not ended]


def _run_patiently(
    table: Table, migration: Migration, direction: Direction, options: Options, stop: threading.Event
) -> Head:
    """Run a migration; wait for the lease of a process that has ended without releasing it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return run(table, migration, direction, options=options, stop=stop, note=_note)
        except LeaseLost as lost:
            if time.monotonic() > deadline:
                raise
            print(f"waiting: {lost}", file=sys.stderr, flush=True)
            if stop.wait(RETRY_SECONDS):
                raise Stopped from lost


def _note(head: Head, segments: Sequence[Segment]) -> None:
    read, changed = (sum(getattr(each, name) for each in segments) for name in ("read", "changed"))
    print(f"{head.name}: pass {head.passes}, {read:,} items read, {changed:,} changed", file=sys.stderr, flush=True)


def _stopped_by_signals() -> threading.Event:
    """Return an event that the first SIGINT or SIGTERM sets; a second one ends the process."""
    stop = threading.Event()

    def ask(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop


if __name__ == "__main__":
    sys.exit(main())
