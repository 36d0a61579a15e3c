"""The stock of products: changed by people, one entry of the ledger each, and by orders.

`available + reserved + sold == received` holds at any time, because every change keeps it and is one transaction.
"""

from dataclasses import replace

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import Conflict, PreconditionFailed
from lamina.events.catalog import PRODUCT_STOCK_CHANGED
from lamina.events.request_context import RequestContext
from lamina.products import reading
from lamina.products.errors import OutOfStock, StockTooLarge
from lamina.products.items import StockItem, stock_change_item, stock_key
from lamina.products.model import MAX_STOCK, StockedProduct
from lamina.products.service import ATTEMPTS, IfVersion, event_of, facts
from lamina.storage import run_once
from lamina.storage.transactions import Change, ConditionFailed
from lamina.users import service as users


def change_stock(
    product_id: str, change: int, reason: str, context: RequestContext, *, if_version: IfVersion, by: Caller
) -> StockedProduct:
    """Add pieces to the stock of a product, or remove some.

    Args:
        product_id: id of the product.
        change: number of pieces; negative to remove them.
        reason: why, for the ledger.
        context: the request; a retry changes nothing, and returns the product as it is.
        if_version: returns whether the change may be applied to this version of the product.
        by: the caller.

    Raises:
        ProductNotFound: if the product does not exist.
        PreconditionFailed: if `if_version` returns false.
        OutOfStock: if there are fewer pieces than are to be removed.
        StockTooLarge: if there would be too many.
        Unauthenticated: if the credentials of `by` are revoked, or its role changes, concurrently.
        Conflict: if the stock keeps being changed concurrently.
    """
    found = reading.get(product_id, by)
    if not if_version(found.product.version):
        raise PreconditionFailed
    change_id = ids.new_id()
    fact = PRODUCT_STOCK_CHANGED.of({**facts(found.product), "change_id": change_id, "change": change})
    put = [
        stock_change_item(product_id, change_id, change, reason, context.actor),
        event_of(fact, found.product, context),
    ]
    for _ in range(ATTEMPTS):
        try:
            run_once.write(
                context.request,
                product_id,
                put,
                change=[_receive(product_id, change)],
                check=[users.as_authenticated(by)],
            )
        except ConditionFailed as refused:
            users.raise_if_revoked(refused, by)
            raise (OutOfStock if change < 0 else StockTooLarge) from None
        except Conflict:
            continue
        # Read again: others may have changed it meanwhile, and a retried request has changed it before.
        return replace(found, stock=reading.get(product_id, by).stock)
    raise Conflict


def reserve(product_id: str, quantity: int) -> Change:
    """Return the change that reserves pieces for an order; it fails if there are fewer available."""
    moved = [StockItem.available.add(-quantity), StockItem.reserved.add(quantity)]
    return _stock(product_id), moved, StockItem.available >= quantity


def release(product_id: str, quantity: int) -> Change:
    """Return the change that makes reserved pieces available again; it fails if fewer are reserved."""
    moved = [StockItem.reserved.add(-quantity), StockItem.available.add(quantity)]
    return _stock(product_id), moved, StockItem.reserved >= quantity


def sell(product_id: str, quantity: int) -> Change:
    """Return the change that sells reserved pieces; it fails if fewer are reserved."""
    moved = [StockItem.reserved.add(-quantity), StockItem.sold.add(quantity)]
    return _stock(product_id), moved, StockItem.reserved >= quantity


def take_back(product_id: str, quantity: int) -> Change:
    """Return the change that makes sold pieces available again; it fails if fewer were sold."""
    moved = [StockItem.sold.add(-quantity), StockItem.available.add(quantity)]
    return _stock(product_id), moved, StockItem.sold >= quantity


def _receive(product_id: str, change: int) -> Change:
    moved = [StockItem.available.add(change), StockItem.received.add(change)]
    allowed = StockItem.available >= -change if change < 0 else StockItem.available <= MAX_STOCK - change
    return _stock(product_id), moved, allowed


def _stock(product_id: str) -> StockItem:
    # With a version, an update adds one to the stored version; it does not compare it.
    return StockItem(*stock_key(product_id)).over(1)
