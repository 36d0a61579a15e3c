"""Table items of products: the product, its stock, its SKU, its entries in lists and searches, its stock ledger."""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from lamina.money import Money
from lamina.products.model import Product, State, Stock
from lamina.products.search_terms import sort_name, words_of
from lamina.storage.item import Item
from lamina.storage.keys import SHARDS, key, list_partition, list_position, shard_of, value_of
from lamina.storage.transactions import Update

LIST, WORDS = "PRODUCTS", "PRODUCT_WORDS"
CREATED, NAME, SKU = "created_at", "name", "sku"


class ProductItem(Item, discriminator="product"):
    """A product without its stock: `PRODUCT#<id>` / `PRODUCT`. It is its own entry in the lists by creation time."""

    sku = UnicodeAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute()
    amount = NumberAttribute()
    currency = UnicodeAttribute()
    active = BooleanAttribute()


class StockItem(Item, discriminator="product_stock"):
    """The stock of a product: `PRODUCT#<id>` / `STOCK`. Apart, because it changes often and by counting."""

    available = NumberAttribute()
    reserved = NumberAttribute(default=0)
    sold = NumberAttribute(default=0)
    received = NumberAttribute()


class StockChangeItem(Item, discriminator="stock_change"):
    """An entry of the stock ledger: `PRODUCT#<id>` / `STOCK_CHANGE#<id>`. The sum of all is what was received."""

    change = NumberAttribute()
    reason = UnicodeAttribute()


class SkuItem(Item, discriminator="product_sku"):
    """Reserves a SKU for a product: `SKU#<sku in lower case>` / `GUARD`. It is the product's entry in lists by SKU."""

    product_id = UnicodeAttribute()


class ProductEntryItem(Item, discriminator="product_entry"):
    """An entry of a product in the list by name, or of one of its words in the list of words.

    `PRODUCT#<id>` / `ENTRY#name`, and `PRODUCT_WORDS#<state>#<shard>` / `<word>#<id>`. It has no version: the
    transaction of the product decides.
    """

    def entry(self) -> Update:
        """Return the update that writes it, whether or not it exists."""
        places = [ProductEntryItem.gsi1pk.set(self.gsi1pk), ProductEntryItem.gsisk.set(self.gsisk)]
        return self, [
            ProductEntryItem.kind.set(ProductEntryItem),
            ProductEntryItem.schema_version.set(1),
            ProductEntryItem.created_at.set(self.created_at),
            *(places if self.gsi1pk else []),
        ]


def product_key(product_id: str) -> tuple[str, str]:
    """Return the key of a product."""
    return key("PRODUCT", product_id), "PRODUCT"


def stock_key(product_id: str) -> tuple[str, str]:
    """Return the key of the stock of a product."""
    return key("PRODUCT", product_id), "STOCK"


def sku_key(sku: str) -> tuple[str, str]:
    """Return the key of the item that reserves a SKU."""
    return key("SKU", sku.lower()), "GUARD"


def list_partitions(sort: str, state: State) -> list[str]:
    """Return the partitions of a list in `gsi1`: products in one state by `created_at`, `name` or `sku`."""
    return [list_partition(LIST, sort, state, shard=shard) for shard in range(SHARDS)]


def search_partitions(state: State) -> list[str]:
    """Return the partitions of the words of products in one state."""
    return [list_partition(WORDS, state, shard=shard) for shard in range(SHARDS)]


def product_item(product: Product) -> ProductItem:
    """Return the item of a product, to be saved conditional on the version that was read."""
    item = ProductItem(
        *product_key(product.id),
        sku=product.sku,
        name=product.name,
        description=product.description,
        amount=product.price.amount,
        currency=product.price.currency,
        active=product.active,
        created_at=product.created_at,
        updated_at=product.updated_at,
        created_by=product.created_by,
    ).over(product.version)
    _place(item, product, CREATED, product.created_at)
    return item


def stock_item(product_id: str, available: int) -> StockItem:
    """Return the item of the stock of a new product."""
    return StockItem(*stock_key(product_id), available=available, received=available)


def stock_change_item(product_id: str, change_id: str, change: int, reason: str, by: str | None) -> StockChangeItem:
    """Return an entry of the stock ledger."""
    position = key("STOCK_CHANGE", change_id)
    return StockChangeItem(key("PRODUCT", product_id), position, change=change, reason=reason, created_by=by)


def sku_item(product: Product) -> SkuItem:
    """Return the item that reserves the SKU of a product, in its place in the lists by SKU."""
    item = SkuItem(*sku_key(product.sku), product_id=product.id, created_by=product.created_by)
    _place(item, product, SKU, value_of(item.pk))
    return item


def sku_place(product: Product) -> Update:
    """Return the update that moves a SKU to the lists of the product's state."""
    item = sku_item(product)
    return item, [SkuItem.gsi1pk.set(item.gsi1pk)]


def entry_items(product: Product) -> dict[tuple[str, str], ProductEntryItem]:
    """Return the entries of a product in the list by name and in searches, by key."""
    name = ProductEntryItem(key("PRODUCT", product.id), key("ENTRY", NAME))
    _place(name, product, NAME, sort_name(product))
    partition = list_partition(WORDS, product.state, shard=shard_of(product.id))
    words = [ProductEntryItem(partition, list_position(word, product.id)) for word in words_of(product)]
    return {(item.pk, item.sk): item for item in (name, *words)}


def to_product(item: ProductItem) -> Product:
    """Return the product of an item."""
    return Product(
        id=value_of(item.pk),
        sku=item.sku,
        name=item.name,
        description=item.description,
        price=Money(int(item.amount), item.currency),
        active=item.active,
        version=int(item.version),
        created_at=item.created_at,
        updated_at=item.updated_at or item.created_at,
        created_by=item.created_by,
    )


def to_stock(item: StockItem) -> Stock:
    """Return the stock of an item."""
    return Stock(
        available=int(item.available),
        reserved=int(item.reserved),
        sold=int(item.sold),
        received=int(item.received),
        version=int(item.version),
    )


def _place(item: ProductItem | SkuItem | ProductEntryItem, product: Product, sort: str, value: str) -> None:
    """Set the index keys of an item: the list that contains it, and its position."""
    item.gsi1pk = list_partition(LIST, sort, product.state, shard=shard_of(product.id))
    item.gsisk = list_position(value, product.id)
