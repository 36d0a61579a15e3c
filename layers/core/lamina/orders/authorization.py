"""Access to orders: they are visible only to their customer and to callers who manage users."""

from lamina.access.policy import Action, Caller, may, refusal, require
from lamina.orders import store
from lamina.orders.errors import OrderNotFound
from lamina.orders.model import Order


def require_place(caller: Caller) -> None:
    """Refuse callers who may not place orders: everybody who is signed in may, for themselves.

    Raises:
        Forbidden: if the credential does not allow it.
    """
    require(caller, Action.ORDER_PLACE, owner_id=caller.user_id)


def reach(caller: Caller, action: Action, order_id: str) -> Order:
    """Return an order, as it is, to a caller who is allowed to do this with it.

    Raises:
        OrderNotFound: if no order is visible to the caller.
        Forbidden: if it is visible to the caller, who may not do this.
    """
    order = store.load(order_id)
    require_allowed(caller, action, order)
    return order


def require_allowed(caller: Caller, action: Action, order: Order) -> None:
    """Refuse a caller who may not do this with an order.

    Raises:
        OrderNotFound, Forbidden: see `reach`.
    """
    if may(caller, action, owner_id=order.customer_id):
        return
    if order.customer_id == caller.user_id or may(caller, Action.ORDER_READ):
        raise refusal(caller, action, order.customer_id)
    raise OrderNotFound
