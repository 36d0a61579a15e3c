"""What the restore drill verifies, and the way back: a table of services is good, and each kind of damage is found."""

import argparse
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lamina.access.policy import Caller, Role
from lamina.events.request_context import RequestContext
from lamina.orders import service as orders
from lamina.orders import steps
from lamina.users import service as users
from lamina.users.model import User
from operations import copy_table
from operations.restore import tables
from operations.restore.comparison import Comparison, Sample, compare
from operations.restore.verification import SHOWN, Findings, Verification
from tests.support.aws import make_user, table_client, table_definition
from tests.support.callers import acting
from tests.unit.orders.orders import create_product, place

pytestmark = pytest.mark.usefixtures("aws")

TABLE = "lamina"
CONTEXT = RequestContext(None, "test")
LATER = datetime.now(UTC) + timedelta(days=1)
"""An instant long after the last change."""

type Change = Callable[["Shop"], None]


class Shop:
    """Users who came, changed and went, and orders in every state."""

    def __init__(self) -> None:
        self.client = table_client()
        self.editor = self._verified("editor", role=Role.EDITOR)
        self.ann, self.bob, self.zoe = (make_user(name) for name in ("ann", "bob", "zoe"))
        caller: Caller = acting(self.editor)
        self.mug = create_product(caller, "MUG", stock=10)
        customer = acting(self._verified("customer"))
        self.sold, self.reserved, self.pending, self.cancelled = (place(customer, (self.mug, 2)) for _ in range(4))
        for order in (self.sold, self.reserved, self.cancelled):
            steps.reserve(order.id, CONTEXT)
        steps.open_payment(self.sold.id, "pi_1", CONTEXT)
        steps.mark_paid(self.sold.id, "pi_1", CONTEXT)
        steps.confirm(self.sold.id, CONTEXT)
        orders.cancel(self.cancelled.id, CONTEXT)
        steps.release(self.cancelled.id, CONTEXT)
        users.update(self.ann.id, {"email": "anna@example.com"}, CONTEXT, if_version=lambda _: True)
        users.update(self.bob.id, {"email_verified": True}, CONTEXT, if_version=lambda _: True)
        for user in (self.bob, self.zoe):
            users.delete(user.id, CONTEXT, if_version=lambda _: True)

    def verify(self, as_of: datetime = LATER) -> Findings:
        return Verification(as_of).read(tables.scan(self.client, TABLE))

    def delete(self, pk: str, sk: str) -> None:
        self.client.delete_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}})

    def set(self, pk: str, sk: str, name: str, value: Any) -> None:
        self.client.update_item(
            TableName=TABLE,
            Key={"pk": {"S": pk}, "sk": {"S": sk}},
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": value},
        )

    def _verified(self, name: str, **fields: Any) -> User:
        user = make_user(name)
        return users.update(user.id, {"email_verified": True, **fields}, CONTEXT, if_version=lambda _: True)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_what_services_have_written_is_good(shop: Shop) -> None:
    found = shop.verify()
    assert (found.violations, found.shown, found.in_flight) == (0, [], 0)
    assert found.checked == Counter({"events of orders": 12, "guards": 8, "users": 5, "orders": 4, "products": 1})
    assert (found.counts["user"], found.counts["order"], found.counts["product_stock"]) == (5, 4, 1)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda shop: shop.delete("USERNAME#ann", "GUARD"), "the user {ann} has no guard USERNAME"),
        (lambda shop: shop.delete(f"USER#{shop.ann.id}", "USER"), "a guard EMAIL is not of user {ann}"),
        (
            lambda shop: shop.set(f"USER#{shop.ann.id}", "USER", "email", {"S": "x@example.com"}),
            "the user {ann} has no guard EMAIL",
        ),
        (
            lambda shop: shop.delete(f"ORDER#{shop.sold.id}", "HISTORY#000005"),
            "the head of order {sold} does not match its events",
        ),
        (
            lambda shop: shop.delete(f"ORDER#{shop.sold.id}", "HISTORY#000002"),
            "the events of order {sold} are not possible: INVALID_TRANSITION",
        ),
        (
            lambda shop: shop.delete(f"ORDER#{shop.sold.id}", "ORDER"),
            "the head of order {sold} does not match its events",
        ),
        (
            lambda shop: shop.set(f"PRODUCT#{shop.mug.id}", "STOCK", "available", {"N": "7"}),
            "the stock of product {mug} does not add up",
        ),
        (
            lambda shop: shop.set(f"PRODUCT#{shop.mug.id}", f"STOCK_CHANGE#{shop.mug.id}", "change", {"N": "9"}),
            "the ledger of product {mug} does not add up",
        ),
        (
            lambda shop: shop.delete(f"PRODUCT#{shop.mug.id}", "STOCK"),
            "product {mug} has other pieces reserved or sold than its orders hold",
        ),
    ],
)
def test_damage_is_found(shop: Shop, damage: Change, message: str) -> None:
    damage(shop)
    found = shop.verify()
    ids = {name: getattr(shop, name).id for name in ("ann", "sold", "mug")}
    assert message.format(**ids) in found.shown
    assert "example.com" not in str(found.shown)
    just_before = shop.verify(as_of=datetime.now(UTC))
    assert (just_before.violations, just_before.in_flight) == (0, found.violations)


def test_of_many_violations_only_the_first_are_shown() -> None:
    found = Findings()
    for number in range(SHOWN + 5):
        found.violate(f"number {number}")
    assert (found.violations, len(found.shown)) == (SHOWN + 5, SHOWN)


def test_a_table_is_compared_with_the_one_that_it_was_made_of(shop: Shop) -> None:
    sample = Sample(size=10_000)
    items = list(sample.pass_through(tables.scan(shop.client, TABLE)))
    assert sample.items == items
    counts = Counter(item.get("kind", {}).get("S", "") for item in items)
    assert compare(shop.client, TABLE, counts, items, LATER) == Comparison(same=len(items))
    users.update(shop.ann.id, {"age": 36}, CONTEXT, if_version=lambda _: True)
    shop.delete("USERNAME#ann", "GUARD")
    shop.set(f"USER#{shop.editor.id}", "USER", "name", {"S": "Torn"})
    found = compare(shop.client, TABLE, counts, items, LATER)
    assert (found.changed, found.different, found.is_good) == (2, 1, False)
    fewer = compare(shop.client, TABLE, counts - Counter(user=2), [], LATER)
    assert fewer.missing["user"] == 2
    assert not fewer.is_good
    assert compare(shop.client, TABLE, Counter(), [], datetime.now(UTC)).is_good  # all of it may be newer


def test_a_sample_keeps_its_size_and_comes_from_everywhere() -> None:
    sample = Sample(size=50)
    stream: Any = [{"pk": {"N": str(number)}} for number in range(5000)]
    assert list(sample.pass_through(stream)) == stream
    numbers = [int(item["pk"]["N"]) for item in sample.items]
    assert len(set(numbers)) == 50
    assert max(numbers) > 2500


def test_names_of_backups_and_drills_fit_dynamodb() -> None:
    assert tables.stamped("drill", "lamina-Data-1XYZ").startswith("lamina-Data-1XYZ-drill-20")
    assert len(tables.stamped("drill", "x" * 255)) <= 255


def test_what_is_missing_is_copied_from_another_table_and_nothing_is_replaced(shop: Shop) -> None:
    other = "restored"
    shop.client.create_table(TableName=other, **table_definition())
    items = list(tables.scan(shop.client, TABLE))
    for item in items:
        shop.client.put_item(TableName=other, Item=item)
    events = [item for item in items if item["kind"]["S"] == "event"]
    for item in (*events[:1], *(each for each in items if each["pk"]["S"] == "USERNAME#ann")):
        shop.delete(item["pk"]["S"], item["sk"]["S"])
    shop.delete("EMAIL#anna@example.com", "GUARD")
    shop.set(f"USER#{shop.ann.id}", "USER", "name", {"S": "Newer"})

    def copied(*options: str) -> str:
        return copy_table.copy(argparse.Namespace(source=other, prefix="".join(options), rate=0))

    left_out = f"{len(events)} were left out"
    assert copied("USERNAME#") == "1 items copied; 3 existed already, 0 were left out"
    assert copied() == f"1 items copied; {len(items) - len(events) - 1} existed already, {left_out}"
    assert copied() == f"0 items copied; {len(items) - len(events)} existed already, {left_out}"
    assert users.get(shop.ann.id).name == "Newer"
    assert shop.verify().violations == 0
    shop.client.delete_table(TableName=other)
