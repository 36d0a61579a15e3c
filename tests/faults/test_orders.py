"""Everything that orders need dies and misbehaves: nothing is oversold, charged twice, lost, or held for ever."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from itertools import islice
from threading import Event, Thread
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.e2e.client import Answer, Client
from tests.e2e.conftest import PASSWORD, SEED_PASSWORD, register
from tests.faults.cloud import Cloud, wait_until
from tests.support.aging import age_order
from tests.support.stack import RunningStack

pytestmark = pytest.mark.xdist_group("faults")

CUSTOMERS, ORDERS, PIECES, PRICE = 20, 200, 50, 700
METHODS = ["pm_card_visa"] * 7 + ["pm_card_chargeDeclined"] * 2 + ["pm_card_lost"]
PROVIDER_FAULTS = {
    "errors": 8,
    "errors_after": 8,
    "drops": 8,
    "losses": 8,
    "repeated_notifications": 40,
    "early_notifications": 20,
}
STEPS = ("ReserveStock", "ChargePayment", "ConfirmOrder", "RejectOrder", "VoidPayment", "ReleaseStock")
KILLED = [*(f"Orders/{step}Function" for step in STEPS), "Orders/StartSagaFunction", "Async/PublishChangesFunction"]
SECONDS = 600
TRIES = 20
AGAIN = {HTTPStatus.CONFLICT, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
"""What somebody gets whose request is under way, or whose function has died."""


class Provider:
    """The simulator of the payment provider, from outside."""

    def __init__(self, stack: RunningStack) -> None:
        self._root = f"{stack.url}/_local/payments/"

    def set_faults(self, **faults: int) -> None:
        self._ask("faults", "PUT", json.dumps(faults).encode())

    def payments_of(self, order_ids: set[str]) -> list[dict[str, Any]]:
        """Every payment of these orders."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self._ask(f"v1/payment_intents?limit=100{after}", "GET")
            found += [each for each in page["data"] if each["metadata"].get("order_id") in order_ids]
            if not page["has_more"]:
                return found
            after = f"&starting_after={page['data'][-1]['id']}"

    def _ask(self, path: str, method: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": "Bearer sk_test_of_the_tests"}
        with urlopen(Request(self._root + path, body, headers, method=method), timeout=30) as answer:  # noqa: S310
            return json.load(answer)


@pytest.fixture
def provider(stack: RunningStack) -> Iterator[Provider]:
    found = Provider(stack)
    yield found
    found.set_faults()


@pytest.fixture
def customers(stack: RunningStack, cloud: Cloud) -> list[Client]:  # noqa: ARG001 (it must be there)
    return make_customers(stack, CUSTOMERS)


def make_customers(stack: RunningStack, number: int) -> list[Client]:
    """Register people, and sign them in."""
    anyone = Client(stack.port, set())

    def one(_: int) -> Client:
        return anyone.signed_in(register(anyone)["email"], PASSWORD)

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(one, range(number)))


@pytest.fixture
def product(stack: RunningStack, seeded: str) -> str:  # noqa: ARG001 (the editor must be there)
    return make_product(stack)


def make_product(stack: RunningStack) -> str:
    """Create a product of which there is little, and return its id; the demo's editor must be there."""
    editor = Client(stack.port, set()).signed_in("editor@lamina.test", SEED_PASSWORD)
    price = {"amount": PRICE, "currency": "EUR"}
    body = {"sku": f"SKU-{uuid4().hex[:12]}", "name": "Scarce", "price": price, "stock": PIECES}
    return str(editor.post("/v1/products", body).data["id"])


@contextmanager
def killing(cloud: Cloud, counted: Counter[str]) -> Iterator[None]:
    """Meanwhile, kill the processes of a function picked at random, again and again."""
    over = Event()

    def kill() -> None:
        while not over.wait(1.5):
            victim = random.choice(KILLED)  # noqa: S311 (not a secret)
            counted["processes killed"] += cloud.kill(victim)

    thread = Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def place(customer: Client, product: str, number: int) -> tuple[Client, str]:
    """Place an order, every other one twice, as a client does that lost the answer; whose it is, and its id."""
    body = {
        "lines": [{"product_id": product, "quantity": 1}],
        "payment_method": METHODS[number % len(METHODS)],
    }
    headers = {"Idempotency-Key": uuid4().hex}
    answers = [persist(lambda: customer.post("/v1/orders", body, headers=headers)) for _ in range(1 + number % 2)]
    (order_id,) = {answer.data["id"] for answer in answers}
    return customer, order_id


def persist(call: Callable[[], Answer]) -> Answer:
    """Repeat a call that its key or its meaning makes safe to repeat, until it is not refused for the moment."""
    answers = islice(iter(call, None), TRIES)
    return next(answer for answer in answers if answer.status not in AGAIN)


def cancel(customer: Client, order_id: str) -> Answer:
    return customer.post(f"/v1/orders/{order_id}/cancel")


def ended(order: dict[str, Any]) -> bool:
    """Whether an order is confirmed, or has ended and nothing of its money is held."""
    if order["status"] in {"rejected", "cancelled"}:
        return order["payment"]["status"] not in {"open", "charged"}
    return bool(order["status"] == "confirmed")


def read(placed: Sequence[tuple[Client, str]]) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(lambda each: persist(lambda: each[0].get(f"/v1/orders/{each[1]}")).data, placed))


def test_200_orders_for_50_pieces_while_everything_dies(
    customers: list[Client],
    product: str,
    provider: Provider,
    cloud: Cloud,
    stack: RunningStack,
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures: Counter[str] = Counter()
    provider.set_faults(**PROVIDER_FAULTS)
    with killing(cloud, figures), ThreadPoolExecutor(4) as threads:
        placed = list(threads.map(lambda number: place(customers[number % CUSTOMERS], product, number), range(ORDERS)))
        with ThreadPoolExecutor(2) as cancelling:
            answers = list(cancelling.map(lambda each: persist(partial(cancel, *each)), placed[::10]))
    assert {answer.status for answer in answers} <= {HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY}
    figures["seconds until settled"] = round(
        wait_until(lambda: drive_on(cloud, read(placed)), "every order has ended", SECONDS)
    )
    facts = agree(read(placed), provider, stack, product)
    with capsys.disabled():
        print("\norders: " + ", ".join(f"{name} {value}" for name, value in sorted((figures | facts).items())))
    assert figures["processes killed"] > 0


def agree(orders: list[dict[str, Any]], provider: Provider, stack: RunningStack, product: str) -> Counter[str]:
    """Check that the money and the stock of orders that have ended are what the orders say; return the figures."""
    payments = provider.payments_of({order["id"] for order in orders})
    charged = sum(each["amount_received"] for each in payments)
    refunded = sum(each["latest_charge"]["amount_refunded"] for each in payments if each["latest_charge"])
    stock = Client(stack.port, set()).get(f"/v1/products/{product}").data["stock"]
    confirmed = [order["id"] for order in orders if order["status"] == "confirmed"]
    assert stock + len(confirmed) == PIECES
    assert charged - refunded == PRICE * len(confirmed)
    assert max(Counter(each["metadata"]["order_id"] for each in payments if holds(each)).values(), default=0) <= 1
    assert {each["metadata"]["order_id"] for each in payments if holds(each)} == set(confirmed)
    states = Counter(str(order["status"]) for order in orders)
    return states + Counter({"charged": charged, "refunded": refunded, "stock": stock})


def holds(payment: dict[str, Any]) -> bool:
    """Whether a payment holds money of a customer."""
    charge = payment["latest_charge"]
    return bool(charge) and not charge["refunded"]


def drive_on(cloud: Cloud, orders: list[dict[str, Any]]) -> bool:
    """Let time pass for those that have not ended, and sweep; whether all have."""
    waiting = [order for order in orders if not ended(order)]
    if waiting:
        table = cloud.resources["Data/Table"]
        for order in waiting:
            age_order(cloud.client("dynamodb"), table, order["id"], 30)
        name = cloud.resources["Orders/SweepOrdersFunction"]
        cloud.client("lambda").invoke(FunctionName=f"{name}:live", Payload=b"{}")
    return not waiting
