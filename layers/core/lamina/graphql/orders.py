"""Resolvers of orders."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from lamina.access.policy import Action
from lamina.events.request_context import RequestContext
from lamina.graphql.arguments import Arguments, identifier, validated
from lamina.graphql.context import Context
from lamina.graphql.pages import NodePage, PageArguments, read_page
from lamina.graphql.schema import Model, Resolver
from lamina.orders import service
from lamina.orders.authorization import reach, require_place
from lamina.orders.latest import KEPT
from lamina.orders.listing import list_orders
from lamina.orders.model import Line, Order, Payment
from lamina.orders.queries import order_query
from lamina.orders.schemas import OrderInput, new_order
from lamina.products.model import StockedProduct
from lamina.storage.list_cursors import ListCursors
from lamina.strict_json import as_json
from lamina.users.model import User


class LatestArguments(Arguments):
    """The arguments of `User.orders`."""

    limit: Annotated[int, Field(ge=1, le=KEPT)] = 10


class KeyArgument(Arguments):
    """The argument `idempotencyKey` of `placeOrder`."""

    idempotency_key: Annotated[str, Field(pattern=r"^[!-~]{1,255}$")]


def order(context: Context, id: str) -> Order:  # noqa: A002 (the name in the schema)
    """Return an order."""
    return reach(context.caller, Action.ORDER_READ, identifier(id))


def orders(context: Context, **arguments: object) -> NodePage:
    """Return a page of orders. Its cursors are those of `GET /v1/orders`."""
    query = order_query(context.caller)
    return read_page(
        PageArguments.of(arguments),
        ListCursors("/v1/orders", query.filters, audience=query.audience),
        lambda limit, cursor: list_orders(query, limit, cursor=cursor),
    )


def place_order(context: Context, input: Mapping[str, Any], idempotency_key: str) -> Order:  # noqa: A002
    """Place an order, once for an idempotency key."""
    key = KeyArgument.of({"idempotency_key": idempotency_key}).idempotency_key
    body = validated(OrderInput, input)
    require_place(context.caller)
    return service.place(new_order(body), _once(context, key, body), by=context.caller)


def _once(context: Context, key: str, body: OrderInput) -> RequestContext:
    """Return the context of a request that is repeated with the same key: of the same caller and credential."""
    caller = context.caller
    parts = (caller.user_id, caller.credential, caller.session_id, "placeOrder", key)
    fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    digest = hmac.digest(key.encode(), as_json(body.model_dump(), sort_keys=True).encode(), "sha256").hex()
    return replace(context.request_context, request=f"{fingerprint}:{digest}")


def cancel_order(context: Context, id: str) -> Order:  # noqa: A002
    """Cancel an order."""
    found = reach(context.caller, Action.ORDER_CANCEL, identifier(id))
    return service.cancel(found.id, context.request_context)


async def of_user(found: User, context: Context, **arguments: object) -> list[Order]:
    """Return the latest orders of a user, newest first."""
    query = order_query(context.caller, customer_id=found.id)
    wanted = LatestArguments.of(arguments)
    order_ids = await context.loaders.latest_orders.load(found.id) or ()
    orders = await context.loaders.orders.load_many(list(order_ids[: wanted.limit]))
    return [each for each in orders if each is not None and query.includes(each)]


async def customer(found: Order, context: Context) -> User | None:
    """Return the customer of an order."""
    user: User | None = await context.loaders.users.load(found.customer_id)
    return user if user and not user.deleted_at else None


async def product(line: Line, context: Context) -> StockedProduct | None:
    """Return the product of a line."""
    found: StockedProduct | None = await context.loaders.products.load(line.product_id)
    return found


MODELS = {
    "Order": Model(Order),
    "OrderLine": Model(Line),
    "Payment": Model(Payment),
    "OrderPage": Model(NodePage),
}
RESOLVERS: dict[str, Resolver] = {
    "Query.order": order,
    "Query.orders": orders,
    "Mutation.placeOrder": place_order,
    "Mutation.cancelOrder": cancel_order,
    "User.orders": of_user,
    "Order.customer": customer,
    "OrderLine.product": product,
}
