"""The orders of the demo, placed over HTTP by their customers: the state machine takes each to its end.

An order that its customer's list has already, by its pieces, is not placed again: idempotency keys belong to a session,
and each run signs in again.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from lamina.orders import store
from lamina.orders.listing import get_many, list_orders
from lamina.orders.model import Order, OrderStatus
from lamina.orders.queries import OrderQuery
from lamina.products import repository as products
from lamina.users import service as users
from local.seed.people import DOMAIN
from local.terminal import Stopped

SECONDS = 180
"""How long orders may take to their end: functions start cold."""
POLL_SECONDS = 0.5
ANSWER_SECONDS = 30
AT_MOST = 100


@dataclass(frozen=True)
class DemoOrder:
    """A demo order.

    Attributes:
        name: part of its idempotency key.
        customer: username.
        pieces: what is ordered, by SKU.
        method: payment method of the simulated provider.
        ends: the state that it comes to.
    """

    name: str
    customer: str
    pieces: Mapping[str, int]
    method: str = "pm_card_visa"
    ends: OrderStatus = OrderStatus.CONFIRMED


ORDERS = (
    DemoOrder("breakfast", "viewer", {"MUG-BLUE": 2, "BEANS-250": 1}),
    DemoOrder("table", "zoe.muller", {"BOWL-S": 4, "PLATE-27": 4, "TOWEL-3": 1}),
    DemoOrder("coffee", "viewer", {"GRINDER-H": 1, "FILTER-02-100": 3}),
    DemoOrder("declined", "viewer", {"KETTLE-GN": 1}, "pm_card_chargeDeclined", OrderStatus.REJECTED),
    DemoOrder("sold-out", "jose.garcia", {"BAG-TOTE": 1}, ends=OrderStatus.REJECTED),
    DemoOrder("returned", "viewer", {"TEAPOT-1L": 1, "TEA-SENCHA": 2}, ends=OrderStatus.CANCELLED),
)


class Shop:
    """The API, as a customer uses it."""

    def __init__(self, url: str, password: str) -> None:
        """Set the address of the API, and the password of all demo users."""
        self._url = url
        self._sign_in = cache(lambda username: self._token(username, password))

    def place(self, order: DemoOrder) -> str:
        """Place an order, and return its id."""
        lines = [{"product_id": products.id_of(sku), "quantity": number} for sku, number in order.pieces.items()]
        body = {"lines": lines, "payment_method": order.method}
        order_id: str = self._post("/v1/orders", body, order.customer, {"Idempotency-Key": f"seed-{order.name}"})["id"]
        return order_id

    def cancel(self, order: DemoOrder, order_id: str) -> None:
        """Cancel an order."""
        self._post(f"/v1/orders/{order_id}/cancel", {}, order.customer)

    def _token(self, username: str, password: str) -> str:
        body = {"email": f"{username}@{DOMAIN}", "password": password}
        token: str = self._post("/v1/auth/login", body)["access_token"]
        return token

    def _post(
        self, path: str, body: object, username: str = "", headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if username:
            sent["Authorization"] = f"Bearer {self._sign_in(username)}"
        request = urllib.request.Request(self._url + path, json.dumps(body).encode(), sent)  # noqa: S310 (http only)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 (http only)
                data: dict[str, Any] = json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.UNAUTHORIZED and not username:
                advice = "set SEED_PASSWORD to the password of the first seeding, or begin with an empty stack"
                raise Stopped(f"the demo customers cannot sign in: {advice}") from None
            raise Stopped(f"POST {path} returned {error.code}: {error.read().decode(errors='replace')}") from None
        except (OSError, ValueError) as error:
            raise Stopped(f"POST {path} failed: {error}; try again") from error
        return data


def settle_all(url: str, password: str) -> int:
    """Place the orders that are not there, wait until each has come to its end, and return how many were placed.

    Raises:
        Stopped: if the API refuses a request, or an order does not come to its end.
    """
    shop = Shop(url, password)
    placed = {shop.place(order): order for order in ORDERS if _can_place(order)}
    returned = {order_id: order for order_id, order in placed.items() if order.ends == OrderStatus.CANCELLED}
    _wait(lambda: all(_is(order_id, OrderStatus.CONFIRMED) for order_id in returned), "confirm an order")
    for order_id, order in returned.items():
        shop.cancel(order, order_id)
    _wait(lambda: all(_is(order_id, order.ends) for order_id, order in placed.items()), "take the orders to their end")
    _wait(lambda: all(map(_is_listed, placed)), "list the orders")
    return len(placed)


def _can_place(order: DemoOrder) -> bool:
    """Return whether an order is not there, and its customer and products are."""
    customer_id = users.find_by_email(f"{order.customer}@{DOMAIN}")
    if not customer_id or not all(map(products.id_of, order.pieces)):
        return False
    listed = list_orders(OrderQuery(customer_id=customer_id, filters={}), AT_MOST).items
    return not any(_pieces(each) == order.pieces for each in listed)


def _pieces(order: Order) -> dict[str, int]:
    return {line.sku: line.quantity for line in order.lines}


def _is(order_id: str, status: OrderStatus) -> bool:
    """Return whether an order has come to this state, with nothing left to do."""
    order = store.load(order_id)
    return order.status == status and order.is_settled


def _is_listed(order_id: str) -> bool:
    return get_many([order_id]).get(order_id) == store.load(order_id)


def _wait(is_done: Callable[[], bool], what: str) -> None:
    begun = time.monotonic()
    while not is_done():
        if time.monotonic() > begun + SECONDS:
            raise Stopped(f"the stack did not {what} within {SECONDS} s: see the output of `make run`, then try again")
        time.sleep(POLL_SECONDS)
