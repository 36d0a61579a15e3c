"""Queries of lists of orders."""

from dataclasses import dataclass
from typing import Literal

from lamina.access.policy import Action, Caller, may, require
from lamina.orders.model import Order, OrderStatus

type OrderSort = Literal["created_at", "-created_at"]
"""Sort orders supported by an index; `-` for descending."""


@dataclass(frozen=True, kw_only=True)
class OrderQuery:
    """A query of a list of orders.

    Attributes:
        customer_id: only orders of this customer; `""` for all.
        status: only orders in this state; `""` for all.
        descending: the order: newest first.
        filters: the query parameters that were sent, for links.
    """

    customer_id: str = ""
    status: str = ""
    descending: bool = True
    filters: dict[str, str]

    @property
    def audience(self) -> str:
        """Which list it is, so that a cursor of one list is not valid for another."""
        return self.customer_id or "all"

    def includes(self, order: Order) -> bool:
        """Return whether an order matches the filters."""
        return self.customer_id in {"", order.customer_id} and self.status in {"", order.status}


def order_query(
    caller: Caller, *, customer_id: str | None = None, status: OrderStatus | None = None, sort: OrderSort | None = None
) -> OrderQuery:
    """Return the query of a caller: its own orders, and those of all customers for callers who may read them.

    Args:
        caller: the caller.
        customer_id: only orders of this customer.
        status: only orders in this state.
        sort: requested order.

    Raises:
        Forbidden: if the caller may not read the orders of this customer.
    """
    chosen = customer_id or ("" if may(caller, Action.ORDER_READ) else caller.user_id)
    require(caller, Action.ORDER_READ, owner_id=chosen or None)
    requested = {"customer_id": customer_id, "status": status, "sort": sort}
    return OrderQuery(
        customer_id=chosen,
        status=status or "",
        descending=sort != "created_at",
        filters={name: str(value) for name, value in requested.items() if value is not None},
    )
