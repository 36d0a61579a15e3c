"""The state machine of orders: its steps, what starts it, and what drives it on."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lamina import ids
from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.money import Money
from lamina.orders import executions, store
from lamina.orders.events import Cancelled, Event, Placed, fold
from lamina.orders.model import Line, Order, OrderStatus
from lamina.payments import account, secret, stripe
from lamina.settings import Settings, settings
from local.payments.notify import headers
from tests.roles.process import Scenario, age_windows, forget_idempotency_records, open_circuit, place
from tests.roles.products import PRODUCT
from tests.support.aging import age_order
from tests.support.aws import invoke, make_user, table_client
from tests.support.callers import acting
from tests.support.payments import SECRET, Provider, running
from tests.support.samples import VIEWER, sample
from tests.unit.orders.orders import create_product
from tests.unit.orders.orders import place as place_order

ORDER = "0190a3f0-0000-7000-8000-0000000000c9"


@contextmanager
def provider() -> Iterator[Provider]:
    """A payment provider, and the settings of a stack that uses it."""
    with running() as simulator, pytest.MonkeyPatch.context() as patched:
        given = Settings.model_validate({**settings().model_dump(), "payment_url": simulator.url})
        patched.setattr(account, "settings", lambda: given)
        forget_secret()
        yield simulator


def forget_secret() -> None:
    """Do as if the process were new: it fetches the secret."""
    secret._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so


def store_sample() -> None:
    """An order that was placed and cancelled: every step leaves it as it is."""
    context = RequestContext(None, "sample")
    line = Line(product_id=PRODUCT, sku="MUG-BLUE", name="Blue mug", quantity=1, unit_price=Money(1499, "EUR"))
    events: list[Event] = [
        Placed(at=ids.ago(60), order_id=ORDER, customer_id=VIEWER, lines=(line,), payment_method="pm_card_visa"),
        Cancelled(at=ids.ago(30), by=VIEWER),
    ]
    for number, event in enumerate(events, 1):
        store.append(fold(events[:number]), event, context)


def ordered(method: str = "pm_card_visa") -> Order:
    """A placed order."""
    editor, customer = (
        acting(make_user(f"{name}.{method.lower()}", role))
        for name, role in (("stocker", Role.EDITOR), ("buyer", Role.VIEWER))
    )
    return place_order(customer, (create_product(editor, f"MUG-{method}"), 2), method=method)


def step(name: str, order: Order) -> str:
    """Let a step run twice, as Step Functions may."""
    event = {"order_id": order.id, "correlation_id": "roles", "attempt": 0}
    first, again = (invoke(place(f"saga/{name}"), event)["status"] for _ in range(2))
    assert first == again
    return str(first)


def steps() -> None:
    with provider():
        good = ordered()
        assert step("reserve_stock", good) == OrderStatus.RESERVED
        assert step("charge_payment", good) == OrderStatus.PAID
        assert step("confirm_order", good) == OrderStatus.CONFIRMED
        bad = ordered("pm_card_chargeDeclined")
        step("reserve_stock", bad)
        open_circuit("payments", stripe.circuit, 60)
        assert step("charge_payment", bad) == OrderStatus.REJECTED
        open_circuit("payments", stripe.circuit, 60)
        forget_secret()
        assert step("void_payment", bad) == step("release_stock", bad) == OrderStatus.REJECTED
        assert store.load(bad.id).is_settled
        assert step("reject_order", ordered("pm_card_slow")) == OrderStatus.REJECTED


def start() -> None:
    event = sample("consumers/start_saga")
    failed = {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    for _ in range(2):
        assert invoke(place("consumers/start_saga"), event) == {"batchItemFailures": []}
        forget_idempotency_records()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(executions, "start", lambda *_, **__: 1 / 0)
        assert invoke(place("consumers/start_saga"), event) == failed


def sweep() -> None:
    for seconds, order in ((400, ordered()), (4000, ordered("pm_card_slow"))):
        age_order(table_client(), settings().table, order.id, seconds)
    report = invoke(place("schedules/sweep_orders"), sample("schedules/sweep_orders"))
    assert report == {"finished": True, "expired": 1, "started": 1}


def reconcile() -> None:
    with provider() as simulator:
        order = ordered()
        step("reserve_stock", order)
        step("charge_payment", order)
        forget_secret()
        open_circuit("payments", stripe.circuit, 60)
        intent = simulator.store.since(0, None, 1)[0]
        intent.created -= 7200
        simulator.store.save(intent)
        report = invoke(place("schedules/reconcile_payments"), sample("schedules/reconcile_payments"))
    assert (report["payments"], report["started"]) == (1, 1)


def notify() -> None:
    forget_secret()
    order, event = ordered(), sample("payments/webhook")
    for _ in range(2):
        assert invoke(place("payments/webhook"), event)["statusCode"] == 400
        age_windows()
    body = event["body"].replace("0190a3f0-0000-7000-8000-0000000000c1", order.id)
    signed = {**event["headers"], **headers(body.encode(), SECRET)}
    lists = {name: [value] for name, value in signed.items()}
    signed_event = {**event, "body": body, "headers": signed, "multiValueHeaders": lists}
    assert invoke(place("payments/webhook"), signed_event)["statusCode"] == 204


SCENARIOS: dict[str, Scenario] = {
    "consumers/start_saga": start,
    "payments/webhook": notify,
    "saga/charge_payment": steps,
    "saga/confirm_order": steps,
    "saga/reject_order": steps,
    "saga/release_stock": steps,
    "saga/reserve_stock": steps,
    "saga/void_payment": steps,
    "schedules/reconcile_payments": reconcile,
    "schedules/sweep_orders": sweep,
}
