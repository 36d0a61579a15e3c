"""Table items of the read models of orders: the entries of lists, the latest of customers, and the sales of products.

They are derived from the histories by a consumer, within seconds, and can be made again from them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina import ids
from lamina.orders import codec
from lamina.orders.items import LIST
from lamina.orders.model import Order, OrderStatus
from lamina.storage.item import Item
from lamina.storage.keys import SHARDS, key, list_partition, list_position, shard_of, value_of
from lamina.storage.transactions import Update

ALL = "all"
SALES = "SALES"


class OrderEntryItem(Item, discriminator="order_entry"):
    """An order as lists show it: `ORDER#<id>` / `ENTRY`.

    It is in the lists of all orders (`gsi1`), by status (`gsi2`), by customer (`gsi3`), and by both (`gsi4`), by the
    instant when it was placed.
    """

    status = UnicodeAttribute()
    """Whether the order is part of the sales of its products: while it is confirmed."""
    order = JSONAttribute()
    format = NumberAttribute()
    """Version of the form of `order`; an entry in another form is read from the history."""
    order_version = NumberAttribute()


class ProductSalesItem(Item, discriminator="product_sales"):
    """What was sold of a product in a currency, in confirmed orders: `PRODUCT#<id>` / `SALES#<currency>`."""

    orders = NumberAttribute(default=0)
    pieces = NumberAttribute(default=0)
    revenue = NumberAttribute(default=0)
    """Minor units of the currency."""


class LatestOrdersItem(Item, discriminator="latest_orders"):
    """Positions of a customer's latest orders, newest first: `CUSTOMER#<user id>` / `LATEST`. See `latest`."""

    positions = JSONAttribute(default=list)


@dataclass(frozen=True)
class Sales:
    """What was sold of a product in a currency.

    Attributes:
        orders: number of confirmed orders with the product.
        pieces: number of pieces in them.
        revenue: what they cost, in minor units.
    """

    orders: int = 0
    pieces: int = 0
    revenue: int = 0

    def plus(self, other: "Sales") -> "Sales":
        """Return the sum."""
        return Sales(self.orders + other.orders, self.pieces + other.pieces, self.revenue + other.revenue)

    def minus(self, other: "Sales") -> "Sales":
        """Return the difference."""
        return Sales(self.orders - other.orders, self.pieces - other.pieces, self.revenue - other.revenue)


NOTHING = Sales()

type SalesKey = tuple[str, str]
"""Id of a product, and a currency."""


def entry_key(order_id: str) -> tuple[str, str]:
    """Return the key of the entry of an order."""
    return key("ORDER", order_id), "ENTRY"


def latest_key(customer_id: str) -> tuple[str, str]:
    """Return the key of the latest orders of a customer."""
    return key("CUSTOMER", customer_id), "LATEST"


def sales_item_key(of: SalesKey) -> tuple[str, str]:
    """Return the key of the sales of a product in a currency."""
    product_id, currency = of
    return key("PRODUCT", product_id), key(SALES, currency)


def list_source(customer_id: str, status: str) -> tuple[str, Sequence[str]]:
    """Return the index and the partitions of a list of orders; `""` stands for all customers, or all states."""
    if customer_id:
        place = "gsi4" if status else "gsi3"
        return place, [_of_customer(customer_id, status)]
    partitions = [list_partition(LIST, status or ALL, shard=shard) for shard in range(SHARDS)]
    return "gsi2" if status else "gsi1", partitions


def entry_item(order: Order, stored: OrderEntryItem | None) -> OrderEntryItem:
    """Return the entry of an order, to be saved conditional on the one that was read."""
    shard = shard_of(order.id)
    return OrderEntryItem(
        *entry_key(order.id),
        status=order.status,
        order=codec.encode_order(order),
        format=codec.ORDER_VERSION,
        order_version=order.version,
        created_at=order.created_at,
        updated_at=order.updated_at,
        created_by=order.customer_id,
        gsi1pk=list_partition(LIST, ALL, shard=shard),
        gsi2pk=list_partition(LIST, order.status, shard=shard),
        gsi3pk=_of_customer(order.customer_id, ""),
        gsi4pk=_of_customer(order.customer_id, order.status),
        gsisk=list_position(order.created_at, order.id),
    ).over(int(stored.version) if stored else None)


def to_order(item: OrderEntryItem) -> Order | None:
    """Return the order of an entry; None if the entry has another form than the present one."""
    return codec.decode_order(item.order) if int(item.format) == codec.ORDER_VERSION else None


def sales_of(order: Order, status: str) -> dict[SalesKey, Sales]:
    """Return what an order contributes to the sales of its products in a state: something while it is confirmed."""
    if status != OrderStatus.CONFIRMED:
        return {}
    currency = order.total.currency
    return {(line.product_id, currency): Sales(1, line.quantity, line.total.amount) for line in order.lines}


def sales_change(of: SalesKey, change: Sales) -> Update:
    """Return the update that adds to the sales of a product; it creates them if necessary."""
    # With a version, an update adds one to the stored version; it does not compare it.
    item = ProductSalesItem(*sales_item_key(of)).over(1)
    return item, [
        ProductSalesItem.kind.set(ProductSalesItem),
        ProductSalesItem.schema_version.set(1),
        ProductSalesItem.created_at.set(ProductSalesItem.created_at | ids.now()),
        ProductSalesItem.orders.add(change.orders),
        ProductSalesItem.pieces.add(change.pieces),
        ProductSalesItem.revenue.add(change.revenue),
    ]


def stored_sales(keys: Iterable[SalesKey]) -> Mapping[SalesKey, ProductSalesItem]:
    """Return the stored sales of up to 100 products: one consistent read."""
    wanted = {sales_item_key(of): of for of in keys}
    found = ProductSalesItem.batch_get(list(wanted), consistent_read=True) if wanted else ()
    return {wanted[item.pk, item.sk]: item for item in found}


def to_sales(item: ProductSalesItem) -> Sales:
    """Return the sales of an item."""
    return Sales(int(item.orders), int(item.pieces), int(item.revenue))


def sales_of_product(product_id: str) -> dict[str, Sales]:
    """Return what was sold of a product by currency: one query."""
    items = ProductSalesItem.query(key("PRODUCT", product_id), ProductSalesItem.sk.startswith(f"{SALES}#"))
    return {value_of(item.sk): to_sales(item) for item in items}


def _of_customer(customer_id: str, status: str) -> str:
    return "#".join((LIST, "customer", customer_id, *([status] if status else [])))
