"""Drives orders on whose execution has ended too early, hangs, or was never started."""

from dataclasses import dataclass

from lamina import ids
from lamina.events.request_context import RequestContext
from lamina.orders import executions, steps, store, transitions
from lamina.orders.items import unsettled_partitions
from lamina.storage.iteration import HasTime
from lamina.storage.keys import identifier_of
from lamina.storage.sharded_list import Source, read

SILENT_SECONDS = 5 * 60
"""How long an order that is not settled may go without an event."""
EXPIRES_SECONDS = 3600
"""How old an order becomes that is not paid; then it is rejected, and what it holds is given back."""
STEP = 100
"""Orders per step."""


@dataclass
class Report:
    """The report of a run, or of a dry run.

    Attributes:
        finished: whether no silent order is left.
        expired: number of orders that were rejected because they were too old.
        started: number of orders for which an execution was started.
    """

    finished: bool = False
    expired: int = 0
    started: int = 0


def sweep_orders(has_time: HasTime, *, dry_run: bool = False) -> Report:
    """Start an execution for every order that is not settled and silent, the longest silent first.

    Args:
        has_time: returns whether there is time for another order.
        dry_run: only report.
    """
    report, after, more = Report(), "", True
    silent_since, run = ids.ago(SILENT_SECONDS), ids.new_id()
    while more:
        chunk = read(Source("gsi1", unsettled_partitions()), STEP, descending=False, after=after)
        silent = [identifier_of(position) for position in chunk.items if position < silent_since]
        for order_id in silent:
            if not has_time():
                return report
            _drive(order_id, run, report, dry_run=dry_run)
        after, more = chunk.last, chunk.more and len(silent) == len(chunk.items)
    report.finished = True
    return report


def _drive(order_id: str, run: str, report: Report, *, dry_run: bool) -> None:
    context, too_old = RequestContext(None, f"sweep-{run}"), ids.ago(EXPIRES_SECONDS)
    order = store.load(order_id)
    if transitions.expire(order, ids.now(), too_old) is not None:
        report.expired += 1
        order = order if dry_run else steps.expire(order_id, too_old, context)
    if order.is_settled:  # by now: the index shows it late
        return
    report.started += 1
    if not dry_run:
        executions.start(order_id, context.correlation_id, cause=run)
