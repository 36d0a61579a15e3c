"""Whatever happens to orders, in whatever order, twice, late or with a crash in between: nothing is lost or sold twice.

Several workers, of whom any may read an order and act on it much later, and customers who cancel. The provider is the
simulator of `make run`, with the adapter that production has. After each step the pieces of every product add up, and
whatever is charged is charged once, for an order that says so. In the end every order is driven until it is settled.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from lamina import ids
from lamina.access.policy import Role
from lamina.errors import Unavailable
from lamina.orders import service, steps, store
from lamina.orders.errors import InvalidTransition
from lamina.orders.model import Order, OrderStatus, PaymentStatus, Pieces, RejectionReason
from lamina.payments import stripe
from lamina.payments.model import NewPayment, Payment, PaymentState
from lamina.payments.stripe import Stripe
from lamina.products import inventory, repository
from lamina.products.errors import OutOfStock
from lamina.products.model import Product, Stock
from lamina.resilience.circuit import Circuit
from lamina.storage import transactions
from tests.support.aws import call_table, make_user, table_definition
from tests.support.callers import acting
from tests.support.payments import API_KEY, running
from tests.unit.orders.orders import CONTEXT, create_product, place

METHODS = ["pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined", "pm_card_lost"]
CRASHES = st.sampled_from(["", "", "", "before", "after"])
"""Where a process dies: not at all, before its transaction, or after it and before anybody knows."""


class Crash:
    """Lets the next transaction fail, before or after it is written."""

    def __init__(self) -> None:
        self.next = ""
        self._commit = transactions._commit

    def commit(self, *given: Any) -> None:
        where, self.next = self.next, ""
        if where == "before":
            raise Unavailable
        self._commit(*given)
        if where == "after":
            raise Unavailable


class Orders(RuleBasedStateMachine):
    orders = Bundle("orders")
    opened = Bundle("opened")
    decided = Bundle("decided")
    charged = Bundle("charged")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[str] = []
        self.crash = Crash()
        self._left = ExitStack()
        patched = self._left.enter_context(pytest.MonkeyPatch.context())
        patched.setattr(transactions, "_commit", self.crash.commit)
        patched.setattr(stripe, "circuit", Circuit(f"payments-{uuid4()}", lambda _: False))
        self.provider = self._left.enter_context(running())
        self.payments = Stripe(self.provider.url, API_KEY)
        call_table("CreateTable", **table_definition())

    def teardown(self) -> None:
        try:
            self.crash.next = ""
            for order_id in self.all:
                self.settle(order_id)
            self.everything_adds_up()
        finally:
            call_table("DeleteTable")
            database = self.provider.store._database
            self._left.close()
            database.close()

    @initialize()
    def a_shop(self) -> None:
        self.editor = acting(make_user("editor", Role.EDITOR))
        self.customer = acting(make_user("customer"))
        self.products = [create_product(self.editor, f"P{number}", stock=3) for number in range(2)]

    # What customers and the shop do

    @rule(target=orders, number=st.integers(1, 3), both=st.booleans(), method=st.sampled_from(METHODS), crash=CRASHES)
    def place(self, number: int, *, both: bool, method: str, crash: str) -> Any:
        lines = [(product, number) for product in self.products[: 1 + both]]
        request = f"{uuid4()}:body"
        self.crash.next = crash
        try:
            order = place(self.customer, *lines, method=method, request=request)
        except Unavailable:
            order = place(self.customer, *lines, method=method, request=request)  # the client repeats it
        self.all.append(order.id)
        return order.id

    @rule(order_id=orders, crash=CRASHES)
    def cancel(self, order_id: str, crash: str) -> None:
        self.attempt(lambda: service.cancel(order_id, CONTEXT), crash)

    @rule(change=st.integers(-2, 3).filter(bool), which=st.integers(0, 1))
    def restock(self, change: int, which: int) -> None:
        product = self.products[which].id
        try:
            inventory.change_stock(product, change, "Counted", CONTEXT, if_version=lambda _: True, by=self.editor)
        except OutOfStock:
            assert change < 0

    # What workers do

    @rule(order_id=orders, crash=CRASHES)
    def reserve(self, order_id: str, crash: str) -> None:
        self.attempt(lambda: steps.reserve(order_id, CONTEXT), crash)

    @rule(target=opened, order_id=orders)
    def open_payment(self, order_id: str) -> Any:
        order = store.load(order_id)
        return (order_id, self._start(order).reference) if order.status == OrderStatus.RESERVED else multiple()

    @rule(payment=opened, crash=CRASHES)
    def record_payment(self, payment: tuple[str, str], crash: str) -> None:
        self.attempt(lambda: steps.open_payment(*payment, CONTEXT), crash)

    @rule(target=decided, order_id=orders)
    def decide_to_charge(self, order_id: str) -> Any:
        order = store.load(order_id)
        is_open = order.status == OrderStatus.RESERVED and order.payment.status == PaymentStatus.OPEN
        return order if is_open else multiple()

    @rule(target=charged, order=decided)
    def charge(self, order: Order) -> Any:
        return order.id, self.payments.charge(order.payment.reference, order.payment.method)

    @rule(order_id=orders, crash=CRASHES)
    def confirm(self, order_id: str, crash: str) -> None:
        self.attempt(lambda: steps.confirm(order_id, CONTEXT), crash)

    @rule(charge=charged, crash=CRASHES)
    def record_charge(self, charge: tuple[str, Payment], crash: str) -> None:
        self.attempt(lambda: self._record_charge(*charge), crash)

    @rule(charge=consumes(charged))
    def lose_the_answer_of_a_charge(self, charge: tuple[str, Payment]) -> None:
        assert charge

    @rule(order_id=orders, count=st.integers(1, 5), crash=CRASHES)
    def drive_on(self, order_id: str, count: int, crash: str) -> None:
        """Take several steps as the saga does, so that many orders come far; a crash may end it."""
        for _ in range(count):
            order = store.load(order_id)
            if not order.is_settled:
                self.attempt(lambda order=order: self._advance(order), crash)  # type: ignore[misc]

    @rule(order_id=orders, crash=CRASHES)
    def expire(self, order_id: str, crash: str) -> None:
        self.attempt(lambda: steps.expire(order_id, ids.ahead(1), CONTEXT), crash)

    @rule(order_id=orders, crash=CRASHES)
    def release(self, order_id: str, crash: str) -> None:
        self.attempt(lambda: steps.release(order_id, CONTEXT), crash)

    @rule(order_id=orders, crash=CRASHES)
    def void(self, order_id: str, crash: str) -> None:
        if store.load(order_id).owes:
            self.attempt(lambda: self._void(order_id), crash)

    # What must be true

    @invariant()
    def the_pieces_of_every_product_add_up(self) -> None:
        for product in getattr(self, "products", ()):
            stock = self._stock(product)
            assert stock.available + stock.reserved + stock.sold == stock.received
            assert min(stock.available, stock.reserved, stock.sold) >= 0
        orders = [store.load(order_id) for order_id in self.all]
        for product in getattr(self, "products", ()):
            stock = self._stock(product)
            assert stock.reserved == self._pieces(orders, product, Pieces.RESERVED)
            assert stock.sold == self._pieces(orders, product, Pieces.SOLD)

    @invariant()
    def nothing_is_charged_twice_or_without_an_order_that_says_so(self) -> None:
        states = {PaymentStatus.OPEN, PaymentStatus.CHARGED}
        for intent in self._intents().values():
            assert intent.charges <= 1
            if intent.charges and not intent.refunded:
                order = store.load(intent.metadata[stripe.ORDER])
                assert (order.payment.reference, order.payment.status in states) == (intent.id, True)
        for order in map(store.load, self.all):
            intent = self._intents().get(order.payment.reference)
            if order.payment.status == PaymentStatus.CHARGED:
                assert intent is not None
                assert (intent.charges, intent.refunded) in {(1, 0), (1, intent.amount)}

    def everything_adds_up(self) -> None:
        orders = [store.load(order_id) for order_id in self.all]
        assert all(order.is_settled for order in orders)
        confirmed = [order for order in orders if order.status == OrderStatus.CONFIRMED]
        intents = self._intents().values()
        kept = sum(intent.amount * intent.charges - intent.refunded for intent in intents)
        assert kept == sum(order.total.amount for order in confirmed)
        for product in getattr(self, "products", ()):
            assert self._stock(product).reserved == 0

    # How

    def attempt(self, act: Callable[[], object], crash: str) -> None:
        """Do something during which a process may die; what is too early or too late is refused."""
        self.crash.next = crash
        try:
            act()
        except (Unavailable, InvalidTransition):
            pass
        finally:
            self.crash.next = ""

    def settle(self, order_id: str) -> None:
        """Drive an order on until nothing is left to do, as the saga does."""
        for _ in range(10):
            if store.load(order_id).is_settled:
                return
            self._advance(store.load(order_id))
        pytest.fail(f"not settled: {store.load(order_id)}")

    def _advance(self, order: Order) -> None:
        match order.status:
            case OrderStatus.PENDING:
                steps.reserve(order.id, CONTEXT)
            case OrderStatus.RESERVED if not order.payment.reference:
                steps.open_payment(order.id, self._start(order).reference, CONTEXT)
            case OrderStatus.RESERVED:
                self._record_charge(order.id, self.payments.charge(order.payment.reference, order.payment.method))
            case OrderStatus.PAID:
                steps.confirm(order.id, CONTEXT)
            case _:
                steps.release(order.id, CONTEXT)
                self._void(order.id)

    def _start(self, order: Order) -> Payment:
        total = order.total
        return self.payments.start(NewPayment(order_id=order.id, amount=total.amount, currency=total.currency))

    def _record_charge(self, order_id: str, payment: Payment) -> Order:
        if payment.state == PaymentState.CHARGED:
            return steps.mark_paid(order_id, payment.reference, CONTEXT)
        return steps.reject(order_id, RejectionReason.PAYMENT_DECLINED, CONTEXT)

    def _void(self, order_id: str) -> None:
        order = store.load(order_id)
        if order.owes:
            state = self.payments.void(order.payment.reference).state
            steps.mark_voided(order_id, CONTEXT, refunded=state == PaymentState.REFUNDED)

    def _stock(self, product: Product) -> Stock:
        return repository.get_many([product.id])[product.id].stock

    def _pieces(self, orders: list[Order], product: Product, where: Pieces) -> int:
        lines = [line for order in orders if order.pieces == where for line in order.lines]
        return sum(line.quantity for line in lines if line.product_id == product.id)

    def _intents(self) -> Mapping[str, Any]:
        return {intent.id: intent for intent in self.provider.store.since(0, None, 1000)}


TestOrders = pytest.mark.exhaustive(pytest.mark.usefixtures("moto_services")(Orders.TestCase))
TestOrders.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
