"""Subscriptions to orders: each published event once, with the order as of it."""

from lamina.orders import service, steps
from tests.support.callers import acting
from tests.support.people import CONTEXT, Person
from tests.unit.orders.orders import create_product, place
from tests.unit.realtime.conftest import World


def test_an_order_is_followed_from_placed_to_refunded(world: World, viewer: Person, author: Person) -> None:
    order = place(acting(viewer.user), (create_product(acting(author.user), "MUG"), 2))
    client = world.open(viewer)
    fields = "status version payment { status } lines { product { sku } }"
    client.subscribe("1", f"subscription($id: ID!) {{ orderUpdated(id: $id) {{ {fields} }} }}", id=order.id)
    steps.reserve(order.id, CONTEXT)
    steps.open_payment(order.id, "pi_1", CONTEXT)
    steps.mark_paid(order.id, "pi_1", CONTEXT)
    steps.confirm(order.id, CONTEXT)
    service.cancel(order.id, CONTEXT)
    steps.mark_voided(order.id, CONTEXT, refunded=True)
    world.push()
    found = [each["payload"]["data"]["orderUpdated"] for each in client.take()]
    assert [(each["status"], each["payment"]["status"], each["version"]) for each in found] == [
        ("reserved", "pending", 2),
        ("paid", "charged", 4),
        ("confirmed", "charged", 5),
        ("cancelled", "charged", 6),
        ("cancelled", "refunded", 7),
    ]
    assert {line["product"]["sku"] for each in found for line in each["lines"]} == {"MUG"}


def test_somebody_elses_order_is_not_found(world: World, viewer: Person, author: Person) -> None:
    order = place(acting(author.user), (create_product(acting(author.user), "MUG"), 2))
    client = world.open(viewer)
    client.subscribe("1", "subscription($id: ID!) { orderUpdated(id: $id) { id } }", id=order.id)
    ((error,),) = [each["payload"] for each in client.take()]
    assert error["extensions"]["code"] == "NOT_FOUND"
