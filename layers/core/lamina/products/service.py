"""The use cases of products that change them, without their stock. Callers authorize first; rules are enforced here."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import Conflict, PreconditionFailed
from lamina.events.catalog import PRODUCT_CREATED, PRODUCT_DELETED, PRODUCT_UPDATED, ProductFacts
from lamina.events.event_type import Fact
from lamina.events.outbox import OutboxItem, event
from lamina.events.request_context import RequestContext
from lamina.products import caching, reading
from lamina.products.errors import SkuTaken
from lamina.products.items import entry_items, product_item, sku_item, sku_key, sku_place, stock_change_item, stock_item
from lamina.products.model import NewProduct, Product, Stock, StockedProduct
from lamina.storage import run_once, transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed
from lamina.users import service as users

ATTEMPTS = 5
"""Number of attempts of a change without a precondition if the product is changed concurrently."""
FIRST_STOCK = "Initial stock"
"""The reason in the stock ledger for the stock that a product is created with."""

type IfVersion = Callable[[int], bool]
"""Returns whether a change may be applied to this version."""


def create(new: NewProduct, context: RequestContext, *, by: Caller) -> StockedProduct:
    """Create a product with its stock.

    Args:
        new: its properties.
        context: the request; a retry returns the product created before.
        by: the caller.

    Raises:
        SkuTaken: if another product has this SKU.
        Unauthenticated: if the credentials of `by` are revoked, or its role changes, concurrently.
        Conflict: if the caller is changed concurrently.
    """
    now = ids.now()
    product = Product(
        id=ids.new_id(),
        sku=new.sku,
        name=new.name,
        description=new.description,
        price=new.price,
        active=new.active,
        created_at=now,
        updated_at=now,
        created_by=context.actor,
    )
    items = _items(product, new.stock, context)
    try:
        earlier = run_once.write(context.request, product.id, items, check=[users.as_authenticated(by)])
    except ConditionFailed as refused:
        users.raise_if_revoked(refused, by)
        if sku_key(product.sku) in refused.found:
            raise SkuTaken from None
        raise
    if earlier:
        return reading.get(earlier.id, by)
    caching.forget_lists()
    return StockedProduct(replace(product, version=1), Stock(available=new.stock, received=new.stock))


def update(
    product_id: str, changes: Mapping[str, Any], context: RequestContext, *, if_version: IfVersion, by: Caller
) -> StockedProduct:
    """Change fields of a product; if no value changes, the version stays the same.

    Args:
        product_id: id of the product.
        changes: new values by field of `Product`; `price` holds those of its members that change.
        context: the request.
        if_version: returns whether the change may be applied to this version.
        by: the caller.

    Raises:
        ProductNotFound: if it does not exist.
        PreconditionFailed: if `if_version` returns false, for the version read or for a concurrent one.
        Unauthenticated: see `create`.
        Conflict: if it keeps being changed concurrently.
    """
    for _ in range(ATTEMPTS):
        found = _get_for_change(product_id, if_version, by)
        before, after = found.product, _edited(found.product, changes)
        changed = sorted(name for name in changes if getattr(before, name) != getattr(after, name))
        if not changed:
            return found
        after = replace(after, updated_at=ids.now())
        updated = event_of(PRODUCT_UPDATED.of({**facts(after), "changed": changed}), after, context)
        if _save(before, after, updated, by):
            return replace(found, product=replace(after, version=before.version + 1))
    raise Conflict


def delete(product_id: str, context: RequestContext, *, if_version: IfVersion, by: Caller) -> None:
    """Delete a product: it is not for sale any more, and keeps its SKU. One that is not for sale is unchanged.

    Raises:
        ProductNotFound, PreconditionFailed, Unauthenticated, Conflict: see `update`.
    """
    for _ in range(ATTEMPTS):
        before = _get_for_change(product_id, if_version, by).product
        if not before.active:
            return
        after = replace(before, active=False, updated_at=ids.now())
        if _save(before, after, event_of(PRODUCT_DELETED.of(facts(after)), after, context), by):
            return
    raise Conflict


def facts(product: Product) -> ProductFacts:
    """Return the data of an event of a product."""
    return {"id": product.id, "sku": product.sku, "active": product.active}


def event_of(fact: Fact, product: Product, context: RequestContext) -> OutboxItem:
    """Return the outbox item of an event of a product."""
    return event(fact, product.id, actor=context.actor, correlation_id=context.correlation_id)


def _get_for_change(product_id: str, if_version: IfVersion, by: Caller) -> StockedProduct:
    found = reading.get(product_id, by)
    if not if_version(found.product.version):
        raise PreconditionFailed
    return found


def _edited(before: Product, changes: Mapping[str, Any]) -> Product:
    price = replace(before.price, **changes.get("price", {}))
    return replace(before, **{**changes, "price": price})


def _save(before: Product, after: Product, event: OutboxItem, by: Caller) -> bool:
    """Write a changed product with its places in lists and searches; return whether it still had the version read."""
    old, new = entry_items(before), entry_items(after)
    moved = [key for key, entry in new.items() if key not in old or old[key].gsi1pk != entry.gsi1pk]
    renamed = [key for key, entry in new.items() if key in old and old[key].gsisk != entry.gsisk]
    try:
        transactions.write(
            put=[product_item(after), event],
            discard=[entry for key, entry in old.items() if key not in new],
            update=[
                *(new[key].entry() for key in dict.fromkeys(moved + renamed)),
                *([sku_place(after)] if before.state != after.state else []),
            ],
            check=[users.as_authenticated(by)],
        )
    except (ConditionFailed, Conflict) as refused:
        users.raise_if_revoked(refused, by)
        return False
    if moved or renamed:
        caching.forget_lists()
    return True


def _items(product: Product, stock: int, context: RequestContext) -> list[Item]:
    """Return all items of a new product."""
    created = event_of(PRODUCT_CREATED.of(facts(product)), product, context)
    first = [stock_change_item(product.id, product.id, stock, FIRST_STOCK, context.actor)] if stock else []
    entries = entry_items(product).values()
    return [product_item(product), stock_item(product.id, stock), sku_item(product), *entries, *first, created]
