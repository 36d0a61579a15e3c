"""Orders in the table: placing, every step, what it does to the stock, what is published, and how they are read."""

from collections.abc import Callable
from typing import Any

import pytest

from lamina import ids
from lamina.access.policy import Caller, Role
from lamina.errors import Conflict, Invalid, LaminaError, NotFound, RuleViolated, Unauthenticated
from lamina.events.outbox import OutboxItem
from lamina.money import MAX_AMOUNT, Money
from lamina.orders import codec, items, service, steps, store
from lamina.orders.errors import InvalidTransition, OrderNotFound
from lamina.orders.events import Event
from lamina.orders.items import HistoryItem
from lamina.orders.model import MAX_LINES, Order, OrderStatus, PaymentStatus, Pieces, RejectionReason
from lamina.orders.service import NewLine, NewOrder
from lamina.products import repository
from lamina.products import service as products
from lamina.products.model import Product, Stock
from lamina.storage import transactions
from lamina.storage.run_once import KeyReused
from lamina.storage.transactions import ConditionFailed
from lamina.users import service as users
from tests.support.aws import make_user
from tests.support.callers import acting
from tests.unit.orders.orders import CONTEXT, create_product, place

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def editor(aws: None) -> Caller:  # noqa: ARG001 (a fixture that must be there)
    return acting(make_user("editor", Role.EDITOR))


@pytest.fixture
def customer(aws: None) -> Caller:  # noqa: ARG001 (a fixture that must be there)
    return acting(make_user("customer"))


@pytest.fixture
def mug(editor: Caller) -> Product:
    return create_product(editor, "MUG")


def stock(product: Product) -> tuple[int, int, int]:
    found: Stock = repository.get_many([product.id])[product.id].stock
    assert found.available + found.reserved + found.sold == found.received
    return found.available, found.reserved, found.sold


def published(order: Order) -> list[str]:
    found = OutboxItem.query(f"ORDER#{order.id}", OutboxItem.sk.startswith("EVENT#"))
    return [item.event_type for item in found]


def refused(act: Callable[[], object]) -> LaminaError:
    with pytest.raises(LaminaError) as raised:
        act()
    return raised.value


def test_an_order_has_the_prices_of_the_moment_it_was_placed(editor: Caller, customer: Caller, mug: Product) -> None:
    cup = create_product(editor, "CUP", price=Money(99, "EUR"))
    order = place(customer, (cup, 3), (mug, 2))
    products.update(cup.id, {"price": {"amount": 1}, "name": "Other"}, CONTEXT, if_version=lambda _: True, by=editor)
    products.delete(mug.id, CONTEXT, if_version=lambda _: True, by=editor)
    assert store.load(order.id) == order
    assert [(line.sku, line.name, line.quantity, line.unit_price.amount) for line in order.lines] == [
        ("CUP", "CUP", 3, 99),
        ("MUG", "MUG", 2, 150),
    ]
    assert (order.total, order.status, order.customer_id) == (Money(597, "EUR"), OrderStatus.PENDING, customer.user_id)
    assert stock(mug) == (10, 0, 0)
    assert published(order) == ["order.placed"]


def test_an_order_of_the_same_request_is_placed_once(customer: Caller, mug: Product) -> None:
    first = place(customer, (mug, 1), request="fingerprint:body")
    steps.reserve(first.id, CONTEXT)
    again = place(customer, (mug, 1), request="fingerprint:body")
    assert (again.id, again.status) == (first.id, OrderStatus.RESERVED)
    with pytest.raises(KeyReused):
        place(customer, (mug, 2), request="fingerprint:other")
    assert place(customer, (mug, 1)).id != first.id


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ([], {"lines"}),
        ([NewLine(f"p{number}", 1) for number in range(MAX_LINES + 1)], {"lines"}),
        ([NewLine("p", 0), NewLine("q", 1001), NewLine("r", -1)], {f"lines.{number}.quantity" for number in range(3)}),
        ([NewLine("p", 1), NewLine("q", 1), NewLine("p", 1)], {"lines.2.product_id"}),
    ],
)
def test_lines_are_checked(customer: Caller, lines: list[NewLine], fields: set[str]) -> None:
    new = NewOrder(lines=lines, payment_method="pm_card_visa")
    error = refused(lambda: service.place(new, CONTEXT, by=customer))
    assert isinstance(error, Invalid)
    assert {problem.field for problem in error.details} == fields


def test_only_what_is_for_sale_is_ordered_in_one_currency_and_up_to_a_total(
    editor: Caller, customer: Caller, mug: Product
) -> None:
    gone = create_product(editor, "GONE", active=False)
    dollars = create_product(editor, "USD", price=Money(1, "USD"))
    dear = create_product(editor, "DEAR", price=Money(MAX_AMOUNT, "EUR"))
    for ordered, code, fields in (
        ([mug, gone], "PRODUCT_UNAVAILABLE", ["lines.1.product_id"]),
        ([dollars, mug, dear], "CURRENCIES_MIXED", ["lines.1.product_id", "lines.2.product_id"]),
        ([dear, mug], "TOTAL_TOO_LARGE", []),
    ):
        error = refused(lambda ordered=ordered: place(editor, *((product, 1) for product in ordered)))  # type: ignore[misc]
        assert isinstance(error, RuleViolated)
        assert (error.code, [problem.field for problem in error.details]) == (code, fields)
    assert place(customer, (dear, 1)).total.amount == MAX_AMOUNT


def test_a_customer_whose_credential_is_revoked_meanwhile_places_nothing(customer: Caller, mug: Product) -> None:
    users.update(customer.user_id, {"status": "suspended"}, CONTEXT, if_version=lambda _: True)
    with pytest.raises(Unauthenticated):
        place(customer, (mug, 1))


def test_an_order_is_reserved_paid_confirmed_and_repeats_change_nothing(customer: Caller, mug: Product) -> None:
    order = place(customer, (mug, 4))
    acts: list[tuple[Callable[[], Order], OrderStatus, tuple[int, int, int]]] = [
        (lambda: steps.reserve(order.id, CONTEXT), OrderStatus.RESERVED, (6, 4, 0)),
        (lambda: steps.open_payment(order.id, "pi_1", CONTEXT), OrderStatus.RESERVED, (6, 4, 0)),
        (lambda: steps.mark_paid(order.id, "pi_1", CONTEXT), OrderStatus.PAID, (6, 4, 0)),
        (lambda: steps.confirm(order.id, CONTEXT), OrderStatus.CONFIRMED, (6, 0, 4)),
    ]
    done = order
    for number, (act, status, expected) in enumerate(acts):
        done = act()
        assert (done.status, stock(mug)) == (status, expected)
        assert [earlier() for earlier, *_ in acts[: number + 1]] == [done] * (number + 1)
    assert store.load(order.id) == done
    assert done.is_settled
    assert published(order) == ["order.placed", "order.reserved", "order.paid", "order.confirmed"]


def test_what_is_not_in_stock_rejects_the_order_and_takes_nothing(
    editor: Caller, customer: Caller, mug: Product
) -> None:
    cup = create_product(editor, "CUP", stock=1)
    order = place(customer, (mug, 5), (cup, 2))
    rejected = steps.reserve(order.id, CONTEXT)
    assert (rejected.status, rejected.reason, rejected.is_settled) == (
        OrderStatus.REJECTED,
        RejectionReason.OUT_OF_STOCK,
        True,
    )
    assert (stock(mug), stock(cup)) == ((10, 0, 0), (1, 0, 0))
    assert published(order) == ["order.placed", "order.rejected"]
    assert refused(lambda: service.cancel(order.id, CONTEXT)).code == "INVALID_TRANSITION"


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_cancelled_order_returns_its_pieces_and_its_payment_once(
    customer: Caller, mug: Product, *, confirmed: bool
) -> None:
    order = place(customer, (mug, 4))
    steps.reserve(order.id, CONTEXT)
    steps.open_payment(order.id, "pi_1", CONTEXT)
    if confirmed:
        steps.mark_paid(order.id, "pi_1", CONTEXT)
        steps.confirm(order.id, CONTEXT)
    with pytest.raises(InvalidTransition):
        steps.release(order.id, CONTEXT)
    with pytest.raises(InvalidTransition):
        steps.mark_voided(order.id, CONTEXT, refunded=True)
    cancelled = service.cancel(order.id, CONTEXT)
    assert (cancelled.status, cancelled.owes, cancelled.pieces != Pieces.NONE) == (OrderStatus.CANCELLED, True, True)
    settled = cancelled
    for _ in range(2):
        steps.release(order.id, CONTEXT)
        settled = steps.mark_voided(order.id, CONTEXT, refunded=confirmed)
        assert stock(mug) == (10, 0, 0)
    assert settled.is_settled
    assert settled.payment.status == (PaymentStatus.REFUNDED if confirmed else PaymentStatus.CANCELLED)
    assert published(order)[-1] == ("payment.refunded" if confirmed else "order.cancelled")
    # Steps that come late, because they were under way, change nothing.
    late = [
        steps.reserve(order.id, CONTEXT),
        steps.mark_paid(order.id, "pi_1", CONTEXT),
        steps.confirm(order.id, CONTEXT),
    ]
    assert late == [settled] * 3


def test_an_order_expires_that_was_placed_too_long_ago_and_is_not_paid(customer: Caller, mug: Product) -> None:
    order = place(customer, (mug, 1))
    assert steps.expire(order.id, order.created_at, CONTEXT) == order
    expired = steps.expire(order.id, ids.ahead(1), CONTEXT)
    assert (expired.status, expired.reason) == (OrderStatus.REJECTED, RejectionReason.EXPIRED)


def test_the_largest_order_fits_into_one_transaction(editor: Caller, customer: Caller) -> None:
    ordered = [create_product(editor, f"P{number}", name="é" * 200) for number in range(MAX_LINES)]
    order = place(customer, *((product, 10) for product in ordered))
    assert steps.reserve(order.id, CONTEXT).status == OrderStatus.RESERVED
    service.cancel(order.id, CONTEXT)
    assert steps.release(order.id, CONTEXT).pieces == Pieces.NONE
    assert {stock(product) for product in ordered} == {(10, 0, 0)}


def test_an_order_is_read_as_it_stood_at_any_instant(customer: Caller, mug: Product) -> None:
    states = [place(customer, (mug, 1))]
    order_id = states[0].id
    states += [steps.reserve(order_id, CONTEXT), service.cancel(order_id, CONTEXT), steps.release(order_id, CONTEXT)]
    assert [store.as_of(order_id, state.updated_at) for state in states] == states
    assert store.as_of(order_id, ids.ETERNITY) == states[-1]
    assert [event.at for event in store.history(order_id)] == [state.updated_at for state in states]
    with pytest.raises(OrderNotFound):
        store.as_of(order_id, "2020-01-01T00:00:00.000000Z")


def test_a_clock_that_is_behind_does_not_stop_an_order(
    customer: Caller, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(customer, (mug, 1))
    monkeypatch.setattr(ids, "now", lambda: "2020-01-01T00:00:00.000000Z")
    reserved = steps.reserve(order.id, CONTEXT)
    assert reserved.updated_at > order.updated_at
    assert store.load(order.id) == reserved


def test_an_order_that_does_not_exist_is_not_found() -> None:
    missing = ids.new_id()
    acts: list[Callable[[], object]] = [
        lambda: store.load(missing),
        lambda: store.history(missing),
        lambda: steps.reserve(missing, CONTEXT),
        lambda: service.cancel(missing, CONTEXT),
    ]
    assert all(isinstance(refused(act), NotFound) for act in acts)


def test_a_read_goes_back_to_the_last_snapshot_only(
    customer: Caller, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "SNAPSHOT_EVERY", 3)
    order = place(customer, (mug, 1))
    for act in (steps.reserve, lambda *_: steps.open_payment(order.id, "pi_1", CONTEXT)):
        act(order.id, CONTEXT)
    cancelled = service.cancel(order.id, CONTEXT)
    numbered = list(HistoryItem.query(f"ORDER#{order.id}", HistoryItem.sk.startswith("HISTORY#")))
    assert [item.snapshot is not None for item in numbered] == [False, False, True, False]
    assert [items.number_of(item) for item in numbered] == [1, 2, 3, 4]
    decoded: list[str] = []
    decode = codec.decode

    def noted(name: str, *given: Any) -> Event:
        decoded.append(name)
        return decode(name, *given)

    monkeypatch.setattr(codec, "decode", noted)
    assert store.load(order.id) == cancelled
    assert decoded == ["Cancelled"]
    monkeypatch.setattr(codec, "ORDER_VERSION", 2)  # a snapshot in another form is left out
    assert store.load(order.id) == cancelled
    assert len(decoded) == 1 + 4


def test_a_step_that_is_always_overtaken_is_a_conflict(
    customer: Caller, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(customer, (mug, 1))
    for error in (ConditionFailed({items.order_key(order.id): {}}), Conflict()):

        def refuse(error: Exception = error, **_: Any) -> None:
            raise error

        monkeypatch.setattr(transactions, "write", refuse)
        with pytest.raises(Conflict):
            steps.reserve(order.id, CONTEXT)
    with pytest.raises(Conflict):
        place(customer, (mug, 1))


def test_a_condition_that_cannot_fail_is_not_hidden(
    customer: Caller, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(customer, (mug, 1))
    steps.reserve(order.id, CONTEXT)
    service.cancel(order.id, CONTEXT)

    def refuse(**_: Any) -> None:
        raise ConditionFailed({("PRODUCT#x", "STOCK"): {}})

    monkeypatch.setattr(transactions, "write", refuse)
    with pytest.raises(ConditionFailed):
        steps.release(order.id, CONTEXT)
