"""What people do with orders: place and cancel them. Callers authorize first; rules are enforced here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import Conflict, Invalid, LaminaError, Problem
from lamina.events.request_context import RequestContext
from lamina.money import MAX_AMOUNT
from lamina.orders import store, transitions
from lamina.orders.errors import CurrenciesMixed, ProductUnavailable, TotalTooLarge
from lamina.orders.events import Placed, fold
from lamina.orders.model import MAX_LINES, MAX_QUANTITY, Line, Order
from lamina.orders.outbox import outbox_of
from lamina.orders.steps import ATTEMPTS, take
from lamina.products import reading
from lamina.products.model import StockedProduct
from lamina.storage.transactions import ConditionFailed
from lamina.users import service as users


@dataclass(frozen=True)
class NewLine:
    """A line of a new order."""

    product_id: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    """A new order.

    Attributes:
        lines: what is ordered, each product once.
        payment_method: payment method of the customer, a token of the provider.
    """

    lines: Sequence[NewLine]
    payment_method: str


def place(new: NewOrder, context: RequestContext, *, by: Caller) -> Order:
    """Place an order of the caller, at the prices of this moment; nothing is reserved yet.

    Args:
        new: the order.
        context: the request; a retry returns the order placed before, as it is now.
        by: the caller, who becomes the customer.

    Raises:
        Invalid: if there are too few or too many lines or pieces, or a product is named twice.
        ProductUnavailable: if a product does not exist or is not for sale.
        CurrenciesMixed: if not all prices are in one currency.
        TotalTooLarge: if the total exceeds what providers accept.
        KeyReused: if the idempotency key was used with a different body before.
        Unauthenticated: if the credentials of `by` are revoked, or its role changes, concurrently.
        Conflict: if the customer keeps being changed concurrently.
    """
    _require_valid(new.lines)
    lines = _lines(new.lines, reading.get_readable((line.product_id for line in new.lines), None))
    event = Placed(
        at=ids.now(),
        order_id=ids.new_id(),
        customer_id=by.user_id,
        lines=lines,
        payment_method=new.payment_method,
    )
    order = fold([event])
    if order.total.amount > MAX_AMOUNT:
        raise TotalTooLarge
    outbox = outbox_of(order, event, context)
    for _ in range(ATTEMPTS):
        try:
            order_id = store.place(order, event, context, outbox, [users.as_authenticated(by)])
        except ConditionFailed as refused:
            users.raise_if_revoked(refused, by)
            continue  # another attempt of the same request is placing it
        except Conflict:
            continue
        return order if order_id == order.id else store.load(order_id)
    raise Conflict


def cancel(order_id: str, context: RequestContext) -> Order:
    """Cancel an order that has not ended. What it holds is given back by the steps that follow.

    Raises:
        OrderNotFound: if it does not exist.
        InvalidTransition: if it is rejected or cancelled.
        Conflict: if it keeps being changed concurrently.
    """
    return take(order_id, lambda order, at: transitions.cancel(order, at, context.actor), context)


def _require_valid(lines: Sequence[NewLine]) -> None:
    if not 1 <= len(lines) <= MAX_LINES:
        raise Invalid(details=[Problem("lines", f"must have 1 to {MAX_LINES} items")])
    products = [line.product_id for line in lines]
    problems = [
        Problem(f"lines.{number}.{field}", advice)
        for number, line in enumerate(lines)
        for field, wrong, advice in (
            ("quantity", not 1 <= line.quantity <= MAX_QUANTITY, f"must be 1 to {MAX_QUANTITY}"),
            ("product_id", line.product_id in products[:number], "must not be the product of another line"),
        )
        if wrong
    ]
    if problems:
        raise Invalid(details=problems)


def _lines(lines: Sequence[NewLine], products: Mapping[str, StockedProduct]) -> tuple[Line, ...]:
    _refuse(
        ProductUnavailable,
        "is not a product that is for sale",
        [number for number, line in enumerate(lines) if line.product_id not in products],
    )
    found = [(products[line.product_id].product, line.quantity) for line in lines]
    currency = found[0][0].price.currency
    _refuse(
        CurrenciesMixed,
        f"has no price in {currency}, the currency of the first line",
        [number for number, (product, _) in enumerate(found) if product.price.currency != currency],
    )
    return tuple(
        Line(product_id=product.id, sku=product.sku, name=product.name, quantity=quantity, unit_price=product.price)
        for product, quantity in found
    )


def _refuse(error: type[LaminaError], advice: str, numbers: Sequence[int]) -> None:
    if numbers:
        raise error(details=[Problem(f"lines.{number}.product_id", advice) for number in numbers])
