"""The state machine of an order: what its steps have in common, and how an execution is started.

An execution takes an order to its end, whatever state the order is in, and every step may be repeated. So any number of
executions may work on the same order, at the same time too: `stacks/orders.yaml` has the state machine.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import boto3

from lamina.aws import CALLS
from lamina.events.envelope import Event
from lamina.events.request_context import RequestContext
from lamina.observability import tracing
from lamina.observability.logs import about, logger
from lamina.orders import store
from lamina.orders.errors import OrderNotFound
from lamina.orders.model import Order
from lamina.settings import settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

type Handler = Callable[[Mapping[str, Any], "LambdaContext"], dict[str, str]]

_states = boto3.client("stepfunctions", config=CALLS)


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


def follow(event: Event) -> None:
    """Start an execution for the order of an event."""
    start(event["subject"], event["correlation_id"], cause=event["id"])


def drive_on(order_id: str, correlation_id: str, *, cause: str) -> None:
    """Start an execution for an order, if it exists and is not settled; see `start`."""
    try:
        is_settled = store.load(order_id).is_settled
    except OrderNotFound:
        return
    if not is_settled:
        start(order_id, correlation_id, cause=cause)


def start(order_id: str, correlation_id: str, *, cause: str) -> None:
    """Start an execution for an order.

    Args:
        order_id: id of the order.
        correlation_id: correlation id of what caused it.
        cause: id of what caused it; for the same cause, one execution is started.
    """
    try:
        _states.start_execution(
            stateMachineArn=settings().saga,
            name=f"{order_id}-{cause}"[:80],
            input=json.dumps({"order_id": order_id, "correlation_id": correlation_id}),
        )
    except _states.exceptions.ExecutionAlreadyExists:
        logger.info("an execution was started before", extra={"order_id": order_id})
