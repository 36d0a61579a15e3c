"""The steps of the state machine of orders (`stacks/orders.yaml`): what they have in common."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lamina.events.request_context import RequestContext
from lamina.observability import tracing
from lamina.observability.logs import about, logger
from lamina.orders.model import Order

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

type Handler = Callable[[Mapping[str, Any], "LambdaContext"], dict[str, str]]


def step(work: Callable[[str, RequestContext, int], Order]) -> Handler:
    """Return the Lambda handler of a step: it returns the status of the order, by which the state machine continues.

    Args:
        work: does the step, given the order's id, the context, and the number of earlier attempts. It raises to be
            repeated.
    """

    def handler(event: Mapping[str, Any], _: "LambdaContext") -> dict[str, str]:
        order_id, correlation_id = str(event["order_id"]), str(event["correlation_id"])
        with about(correlation_id=correlation_id, order_id=order_id):
            order = work(order_id, RequestContext(None, correlation_id), int(event.get("attempt", 0)))
            logger.info("step of an order", extra={"status": order.status})
        return {"order_id": order_id, "correlation_id": correlation_id, "status": order.status}

    return tracing.traced(handler)
