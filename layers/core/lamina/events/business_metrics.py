"""Business metrics: published events as numbers, in CloudWatch's embedded metric format.

They are counted where events are published, because every change passes there once. A batch that the stream delivers
again to another process may be counted twice: these are figures for a dashboard, not for accounting.
"""

from collections import Counter
from collections.abc import Sequence

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from lamina.events import catalog
from lamina.events.outbox import OutboxItem
from lamina.observability import SERVICE
from lamina.observability.metrics import NAMESPACE, metrics

REGISTRATIONS, REVENUE, REFUNDS = "Registrations", "Revenue", "Refunds"
COUNTS = {
    catalog.USER_CREATED.name: REGISTRATIONS,
    catalog.ORDER_PLACED.name: "OrdersPlaced",
    catalog.ORDER_CONFIRMED.name: "OrdersConfirmed",
    catalog.ORDER_REJECTED.name: "OrdersRejected",
}
"""Metrics that count events, by type. A user that an administrator creates is no registration."""
AMOUNTS = {catalog.ORDER_CONFIRMED.name: REVENUE, catalog.PAYMENT_REFUNDED.name: REFUNDS}
"""Metrics that add up amounts in minor units by currency, by type of event."""


def count(events: Sequence[OutboxItem]) -> None:
    """Add the counts of published events to `metrics`, which the caller flushes, and write their amounts."""
    for name, number in Counter(COUNTS[event.event_type] for event in events if _counts(event)).items():
        metrics.add_metric(name, MetricUnit.Count, number)
    amounts = Counter[tuple[str, str]]()
    for event in events:
        if event.event_type in AMOUNTS:
            amounts[AMOUNTS[event.event_type], str(event.data["currency"])] += int(event.data["amount"])
    for (name, currency), amount in amounts.items():
        _write(name, currency, amount)


def _counts(event: OutboxItem) -> bool:
    is_registration = event.event_type == catalog.USER_CREATED.name
    return event.event_type in COUNTS and not (is_registration and event.actor)


def _write(name: str, currency: str, amount: int) -> None:
    written = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    written.add_dimension("currency", currency)
    written.add_metric(name, MetricUnit.NoUnit, amount)
    written.flush_metrics()
