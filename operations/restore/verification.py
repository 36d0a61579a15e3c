"""Verifies a table by one scan: what must be true of its items together, whatever they are.

A backup may show the last second before its instant in part (DynamoDB developer guide, "Using on-demand backup"). What
was changed in the seconds before is counted apart, and proves nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from lamina import ids
from lamina.errors import LaminaError
from lamina.orders.events import fold
from lamina.orders.items import HistoryItem, OrderItem, to_event
from lamina.orders.model import Order, Pieces
from lamina.products.items import StockChangeItem, StockItem
from lamina.storage.item import Item
from lamina.storage.keys import value_of
from lamina.users.items import GuardItem, UserItem, guard_key, to_user
from lamina.users.model import User
from operations.restore.tables import RawItem

SKEW = timedelta(seconds=10)
"""Changes younger than this at the instant of a backup may be there in part."""
SHOWN = 20


@dataclass
class Findings:
    """What was found in a table.

    Attributes:
        counts: number of items by kind; "" for those without one.
        checked: number of objects whose invariants were verified, by what they are.
        violations: number of violated invariants.
        shown: the first of them, without personal data.
        in_flight: number of violations that the instant of the backup explains.
    """

    counts: Counter[str] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    violations: int = 0
    shown: list[str] = field(default_factory=list)
    in_flight: int = 0

    def violate(self, message: str, *, recent: bool = False) -> None:
        """Count a violation."""
        if recent:
            self.in_flight += 1
            return
        self.violations += 1
        if len(self.shown) < SHOWN:
            self.shown.append(message)


@dataclass
class _Held:
    """The pieces of a product by its stock item, less those that orders hold."""

    reserved: int = 0
    sold: int = 0
    is_recent: bool = False


class Verification:
    """One scan. Memory grows with the number of users and products, by about 200 bytes each."""

    def __init__(self, as_of: datetime) -> None:
        """Create a verification of a table that shows an instant."""
        self.findings = Findings()
        self._recent = ids.stamp(as_of - SKEW)
        self._guards: dict[tuple[str, str], tuple[int, bool]] = {}
        self._held: dict[str, _Held] = {}

    def read(self, items: Iterable[RawItem]) -> Findings:
        """Read all items, those of a partition together, and return what was found."""
        for partition, group in groupby(items, key=lambda item: item["pk"]["S"]):
            stored = list(group)
            self.findings.counts.update(item.get("kind", {}).get("S", "") for item in stored)
            kind = partition.partition("#")[0]
            if kind in {"USER", "EMAIL", "USERNAME"}:
                self._read_user(_of(UserItem, stored), _of(GuardItem, stored))
            elif kind == "ORDER":
                self._read_order(_of(OrderItem, stored), _of(HistoryItem, stored))
            elif kind == "PRODUCT":
                self._read_stock(_of(StockItem, stored), _of(StockChangeItem, stored))
        self._compare_guards()
        self._compare_stock()
        return self.findings

    def _read_user(self, users: Sequence[UserItem], guards: Sequence[GuardItem]) -> None:
        for item in users:
            self.findings.checked["users"] += 1
            user = to_user(item)
            for field_name in _guarded(user):
                partition, _ = guard_key(field_name, getattr(user, field_name))
                self._match((partition, user.id), 1, recent=self._is_recent(item))
        for guard in guards:
            self.findings.checked["guards"] += 1
            if not guard.expires_at:  # Others only reserve a value that a user had.
                self._match((guard.pk, guard.user_id), -1, recent=self._is_recent(guard))

    def _match(self, pair: tuple[str, str], amount: int, *, recent: bool) -> None:
        before, was_recent = self._guards.pop(pair, (0, False))
        if before + amount:
            self._guards[pair] = before + amount, recent or was_recent

    def _compare_guards(self) -> None:
        for (partition, user_id), (amount, recent) in self._guards.items():
            of = partition.partition("#")[0]
            missing = (
                f"the user {user_id} has no guard {of}" if amount > 0 else f"a guard {of} is not of user {user_id}"
            )
            self.findings.violate(missing, recent=recent)

    def _read_order(self, heads: Sequence[OrderItem], events: Sequence[HistoryItem]) -> None:
        if not heads and not events:
            return
        self.findings.checked["orders"] += 1
        self.findings.checked["events of orders"] += len(events)
        order_id = value_of((heads or events)[0].pk)
        recent = any(map(self._is_recent, [*heads, *events]))
        try:
            order = fold(map(to_event, sorted(events, key=lambda event: event.sk)))
        except LaminaError as error:
            self.findings.violate(f"the events of order {order_id} are not possible: {error.code}", recent=recent)
            return
        stored = [(int(head.version), head.status) for head in heads]
        if stored != [(order.version, order.status)]:
            self.findings.violate(f"the head of order {order_id} does not match its events", recent=recent)
        self._hold(order, recent=recent)

    def _hold(self, order: Order, *, recent: bool) -> None:
        for line in order.lines:
            held = self._held.setdefault(line.product_id, _Held())
            held.reserved -= line.quantity if order.pieces == Pieces.RESERVED else 0
            held.sold -= line.quantity if order.pieces == Pieces.SOLD else 0
            held.is_recent |= recent

    def _read_stock(self, stocks: Sequence[StockItem], ledger: Sequence[StockChangeItem]) -> None:
        for stock in stocks:
            self.findings.checked["products"] += 1
            product_id = value_of(stock.pk)
            parts = [int(stock.available), int(stock.reserved), int(stock.sold)]
            recent = any(map(self._is_recent, [stock, *ledger]))
            if min(parts) < 0 or sum(parts) != int(stock.received):
                self.findings.violate(f"the stock of product {product_id} does not add up", recent=recent)
            if sum(int(entry.change) for entry in ledger) != int(stock.received):
                self.findings.violate(f"the ledger of product {product_id} does not add up", recent=recent)
            held = self._held.setdefault(product_id, _Held())
            held.reserved, held.sold = held.reserved + parts[1], held.sold + parts[2]
            held.is_recent |= recent

    def _compare_stock(self) -> None:
        for product_id, held in self._held.items():
            if held.reserved or held.sold:
                message = f"product {product_id} has other pieces reserved or sold than its orders hold"
                self.findings.violate(message, recent=held.is_recent)

    def _is_recent(self, item: Item) -> bool:
        return max(item.updated_at or "", item.created_at or "") > self._recent


def _of[T: Item](kind: type[T], stored: Iterable[RawItem]) -> list[T]:
    """Return the items of a class."""
    return [kind.from_raw_data(dict(item)) for item in stored if item.get("kind", {}).get("S") == _name(kind)]


def _name(kind: type[Item]) -> str:
    return str(kind.kind.get_discriminator(kind))


def _guarded(user: User) -> tuple[str, ...]:
    """Return the fields whose values are reserved for a user; one that was deleted unverified has released them."""
    return () if user.deleted_at and not user.email_verified else ("email", "username")
