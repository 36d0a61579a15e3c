"""Counting users: exact, however the stream delivers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.access.policy import Role
from lamina.errors import Conflict
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed
from lamina.users import counting
from lamina.users.counting import CountedItem, CounterItem, Membership, counter_key
from lamina.users.model import Status

BUCKETS = [*(f"{role}#{status}" for role in Role for status in Status), counting.DELETED, counting.NOWHERE]
histories = st.lists(st.lists(st.sampled_from(BUCKETS), min_size=1, max_size=5), min_size=1, max_size=6)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)


@dataclass
class FakeTable:
    """Markers and counters in memory; a save is refused when its version is not the stored one's successor."""

    markers: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    refusals: int = 0

    def read(self, user_ids: Any) -> dict[str, CountedItem]:
        """In place of `counting.markers`."""
        found = {}
        for user_id in user_ids:
            if user_id in self.markers:
                version, bucket, user_version = self.markers[user_id]
                marker = CountedItem(f"USER#{user_id}", "COUNTED", bucket=bucket, user_version=user_version)
                found[user_id] = marker.over(version)
        return found

    def write(self, *, put: Sequence[CountedItem], update: Sequence[tuple[CounterItem, Any]]) -> None:
        """In place of `transactions.write`."""
        if self.refusals:
            self.refusals -= 1
            raise ConditionFailed({})
        assert len(put) + len(update) <= transactions.MAX_ITEMS
        for marker in put:
            self.markers[marker.pk[5:]] = (int(marker.version or 0) + 1, marker.bucket, int(marker.user_version))
        for item, (came, gone) in update:
            self.counters[item.sk] += came - gone
            self.came[item.sk] += came
            self.gone[item.sk] += gone


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> FakeTable:
    """An empty table."""
    fake = FakeTable()
    monkeypatch.setattr(counting, "markers", fake.read)
    monkeypatch.setattr(transactions, "write", fake.write)

    def movement(bucket: str, came: int, gone: int) -> Any:
        return CounterItem(*counter_key(bucket)), (came, gone)

    monkeypatch.setattr(counting, "_movement", movement)
    return fake


def memberships(history: list[list[str]]) -> list[Membership]:
    return [
        Membership(f"user {number}", bucket, version)
        for number, versions in enumerate(history)
        for version, bucket in enumerate(versions, start=1)
    ]


def naive(history: list[list[str]]) -> Counter[str]:
    """Count the users where their last version puts them."""
    return Counter(versions[-1] for versions in history if versions[-1] != counting.NOWHERE)


@SHARED
@given(histories, st.data())
def test_duplicates_and_any_order_come_to_the_same_count(
    table: FakeTable, history: list[list[str]], data: st.DataObject
) -> None:
    table.markers.clear()
    table.counters.clear()
    once = memberships(history)
    again = data.draw(st.lists(st.sampled_from(once), max_size=10))
    delivered = data.draw(st.permutations(once + again))
    while delivered:
        size = data.draw(st.integers(1, 5))
        counting.count(delivered[:size])
        delivered = delivered[size:]
    assert +table.counters == naive(history)
    assert min(table.counters.values(), default=0) >= 0


def test_hundreds_at_once_are_counted_in_transactions_that_fit(table: FakeTable) -> None:
    every = [Membership(f"user {number}", BUCKETS[number % len(BUCKETS)], 1) for number in range(500)]
    assert counting.count(every) == 500
    assert counting.count(every) == 0
    assert table.counters == Counter(each.bucket for each in every if each.bucket != counting.NOWHERE)


def test_somebody_who_moves_the_same_marker_meanwhile_makes_it_start_again(table: FakeTable) -> None:
    table.refusals = 3
    assert counting.count([Membership("user", "viewer#active", 1)]) == 1
    table.refusals = 100
    with pytest.raises(Conflict):
        counting.count([Membership("user", "viewer#active", 2)])


def test_a_counter_knows_that_somebody_came_as_somebody_went(table: FakeTable) -> None:
    counting.count([Membership("one", "admin#active", 1)])
    counting.count([Membership("one", "viewer#active", 2), Membership("two", "admin#active", 1)])
    assert table.counters["admin#active"] == 1
    assert (table.came["admin#active"], table.gone["admin#active"]) == (2, 1)


def test_a_change_that_leaves_a_user_in_its_bucket_moves_no_counter(table: FakeTable) -> None:
    counting.count([Membership("one", "admin#active", 1)])
    counting.count([Membership("one", "admin#active", 2)])
    assert (table.came["admin#active"], table.gone["admin#active"]) == (1, 0)


@pytest.mark.usefixtures("aws")
def test_totals_by_role_and_status_are_read_from_the_table() -> None:
    counting.count(
        [Membership("one", "admin#active", 1), Membership("two", "viewer#active", 1), Membership("x", "deleted", 2)]
    )
    totals = [counting.total(), counting.total(role="admin"), counting.total(status="active")]
    assert totals == [2, 1, 2]
    assert counting.total(role="viewer", status="active") == 1
    assert counting.total(role="viewer", status="inactive") == 0
    assert counting.total(deleted=True) == 1


@pytest.mark.usefixtures("aws")
def test_wider_counters_of_an_earlier_release_are_in_no_total() -> None:
    counting.count([Membership("one", "admin#active", 1)])
    for wide in ("#", "admin#", "#active"):
        CounterItem(*counter_key(wide), amount=7).save()
    assert [counting.total(), counting.total(role="admin"), counting.total(status="active")] == [1, 1, 1]


@pytest.mark.usefixtures("aws")
def test_counters_are_items_like_all_others() -> None:
    counting.count([Membership("one", "admin#active", 1)])
    counting.count([Membership("two", "admin#active", 1)])
    counter = Item.get(*counter_key("admin#active"))
    assert isinstance(counter, CounterItem)
    assert (int(counter.amount), int(counter.came), int(counter.gone), int(counter.schema_version)) == (2, 2, 0, 1)
    assert counter.created_at < counter.updated_at


@pytest.mark.usefixtures("aws")
def test_the_marker_of_a_purged_user_stays_for_a_while_and_then_goes() -> None:
    counting.count([Membership("one", "admin#active", 1)])
    assert counting.markers(["one"])["one"].expires_at is None
    counting.count([Membership("one", counting.NOWHERE, 2)])
    assert counting.markers(["one"])["one"].expires_at is not None
    assert counting.count([Membership("one", "admin#active", 1)]) == 0
    assert counting.total() == 0
