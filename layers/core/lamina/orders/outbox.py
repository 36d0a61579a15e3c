"""The events that others receive when an order changes: activities of the customer, webhooks, the saga."""

from collections.abc import Mapping

from lamina.events.catalog import (
    ORDER_CANCELLED,
    ORDER_CONFIRMED,
    ORDER_PAID,
    ORDER_PLACED,
    ORDER_REJECTED,
    ORDER_RESERVED,
    PAYMENT_REFUNDED,
    OrderFacts,
)
from lamina.events.event_type import EventType, Fact
from lamina.events.outbox import OutboxItem, event
from lamina.events.request_context import RequestContext
from lamina.orders.events import Cancelled, Confirmed, Event, Paid, PaymentVoided, Placed, Rejected, StockReserved
from lamina.orders.model import Order


def outbox_of(order: Order, happened: Event, context: RequestContext) -> list[OutboxItem]:
    """Return what is published of an event.

    Args:
        order: the order after the event.
        happened: the event.
        context: what caused it.
    """
    fact = _fact(order, happened)
    if fact is None:
        return []
    return [
        event(
            fact,
            order.id,
            actor=context.actor,
            correlation_id=context.correlation_id,
            subject_version=order.version,
        )
    ]


_TYPES: Mapping[type[Event], EventType[OrderFacts]] = {
    Placed: ORDER_PLACED,
    StockReserved: ORDER_RESERVED,
    Paid: ORDER_PAID,
    Confirmed: ORDER_CONFIRMED,
    Cancelled: ORDER_CANCELLED,
}


def _fact(order: Order, happened: Event) -> Fact | None:
    facts = _facts(order)
    match happened:
        case Rejected(reason=reason):
            return ORDER_REJECTED.of({**facts, "reason": reason})
        case PaymentVoided(refunded=True):
            return PAYMENT_REFUNDED.of(facts)
        case _:
            published = _TYPES.get(type(happened))
            return published.of(facts) if published else None


def _facts(order: Order) -> OrderFacts:
    total = order.total
    return {
        "id": order.id,
        "owner_id": order.customer_id,
        "status": order.status,
        "amount": total.amount,
        "currency": total.currency,
    }
