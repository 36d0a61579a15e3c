"""The domain model of products."""

from dataclasses import dataclass
from enum import StrEnum

from lamina.money import Money

MAX_STOCK = 1_000_000_000


class State(StrEnum):
    """The state of a product, which decides who sees it and which lists contain it."""

    ACTIVE = "active"
    """For sale: everybody sees it."""
    INACTIVE = "inactive"
    """Not for sale: only callers who may write products see it."""


@dataclass(frozen=True, kw_only=True)
class NewProduct:
    """The properties of a new product; fields as in `Product`.

    Attributes:
        stock: pieces in stock.
    """

    sku: str
    name: str
    price: Money
    description: str = ""
    stock: int = 0
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product at one version, without its stock.

    Attributes:
        id: UUIDv7.
        sku: stock keeping unit, unique among all products without regard to case; it never changes.
        name: one line of text.
        description: plain text.
        price: price of a piece.
        active: whether it is for sale.
        version: number of changes, from 1; 0 before the first save. Changes of stock do not count.
        created_at: RFC 3339 UTC.
        updated_at: RFC 3339 UTC.
        created_by: id of the user who created it.
    """

    id: str
    sku: str
    name: str
    price: Money
    created_at: str
    updated_at: str
    description: str = ""
    active: bool = True
    version: int = 0
    created_by: str | None = None

    @property
    def state(self) -> State:
        """Its state."""
        return State.ACTIVE if self.active else State.INACTIVE


@dataclass(frozen=True, kw_only=True)
class Stock:
    """The stock of a product: `available + reserved + sold == received`, always.

    Attributes:
        available: pieces that can be ordered.
        reserved: pieces of orders that are not confirmed yet.
        sold: pieces of confirmed orders.
        received: sum of all changes of stock, other than by orders.
        version: number of changes.
    """

    available: int
    reserved: int = 0
    sold: int = 0
    received: int = 0
    version: int = 1


@dataclass(frozen=True)
class StockedProduct:
    """A product together with its stock."""

    product: Product
    stock: Stock
