"""Starts executions of the state machine of orders (`stacks/orders.yaml`).

An execution takes an order to its end, whatever state the order is in, and every step may be repeated. So any number of
executions may work on the same order, at the same time too.
"""

import json

import boto3

from lamina.aws import CALLS
from lamina.events.envelope import Event
from lamina.observability.logs import logger
from lamina.orders import store
from lamina.orders.errors import OrderNotFound
from lamina.settings import settings

_states = boto3.client("stepfunctions", config=CALLS)


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
