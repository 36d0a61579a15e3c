"""Orders of tests: made up without a table, or placed for somebody."""

from typing import Any

from lamina.access.policy import Caller
from lamina.events.request_context import RequestContext
from lamina.money import Money
from lamina.orders import service
from lamina.orders.events import Placed
from lamina.orders.model import Line, Order
from lamina.orders.service import NewLine, NewOrder
from lamina.products import service as products
from lamina.products.model import NewProduct, Product

CONTEXT = RequestContext(None, "test")
ORDER = "0190a3f0-0000-7000-8000-0000000000c1"
CUSTOMER = "0190a3f0-0000-7000-8000-000000000002"


def instant(second: int) -> str:
    return f"2026-11-20T09:{second // 60:02}:{second % 60:02}.000000Z"


def line(number: int = 1, quantity: int = 2, amount: int = 150) -> Line:
    return Line(
        product_id=f"0190a3f0-0000-7000-8000-{number:012}",
        sku=f"SKU-{number}",
        name=f"Product {number}",
        quantity=quantity,
        unit_price=Money(amount, "EUR"),
    )


def placed(*lines: Line, at: str = instant(0)) -> Placed:
    return Placed(
        at=at, order_id=ORDER, customer_id=CUSTOMER, lines=lines or (line(), line(2)), payment_method="pm_card_visa"
    )


def create_product(by: Caller, sku: str, **fields: Any) -> Product:
    new = NewProduct(**{"sku": sku, "name": sku, "price": Money(150, "EUR"), "stock": 10, **fields})
    return products.create(new, CONTEXT, by=by).product


def place(by: Caller, *quantities: tuple[Product, int], method: str = "pm_card_visa", request: str = "") -> Order:
    lines = [NewLine(product.id, quantity) for product, quantity in quantities]
    context = RequestContext(by.user_id, "test", request)
    return service.place(NewOrder(lines=lines, payment_method=method), context, by=by)
