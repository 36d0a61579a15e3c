"""Powertools' resolver with validation, its logger and its metrics, as its documentation shows them."""

import time
from typing import Annotated

import users_table
from answers import STATUS, Refused, caller_of, envelope, failure, headers, manages_users
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from models import Envelope, NewUser, UserId

logger = Logger(service="bench")
metrics = Metrics(namespace="bench", service="bench")
app = APIGatewayRestResolver(enable_validation=True)


def correlation_id():
    """Return the caller's correlation id, or API Gateway's id of the request."""
    return app.current_event.headers.get("X-Correlation-Id") or app.current_event.request_context.request_id


@app.get("/v1/users/<user_id>")
def get_user(user_id: Annotated[UserId, Path()]) -> Response[Envelope]:
    """Return a user."""
    caller = caller_of(app.current_event.raw_event)
    user = users_table.read(user_id)
    if user is None:
        raise Refused("NOT_FOUND")
    shown = Envelope.model_validate(envelope(user, caller))
    return Response(200, content_types.APPLICATION_JSON, shown, headers(correlation_id(), user))


@app.post("/v1/users")
def create_user(new: NewUser) -> Response[Envelope]:
    """Create a user."""
    caller = caller_of(app.current_event.raw_event)
    if not manages_users(caller):
        raise Refused("FORBIDDEN")
    user = users_table.create(new.model_dump(), caller["user_id"], correlation_id())
    shown = Envelope.model_validate(envelope(user, caller))
    return Response(201, content_types.APPLICATION_JSON, shown, headers(correlation_id(), user, created=True))


@app.exception_handler(Refused)
def refuse(refused):
    """Return 404 for a request that is not served."""
    return _failure(refused.code, refused.details)


@app.exception_handler(users_table.Taken)
def taken(error):
    """Return the error that another user has the address or the username."""
    return _failure(error.args[0], [])


@app.exception_handler(RequestValidationError)
def invalid(error):
    """Return the error that lists the invalid fields."""
    found = [{"field": ".".join(map(str, each["loc"][1:])), "message": each["msg"]} for each in error.errors()]
    return _failure("VALIDATION_ERROR", found)


def _failure(code, details):
    body = failure(code, details, app.current_event.request_context.request_id)
    return Response(STATUS[code], content_types.APPLICATION_JSON, body, headers(correlation_id()))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@metrics.log_metrics
def handler(event, context):
    """Handle one request."""
    started = time.perf_counter()
    answer = app.resolve(event, context)
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    metrics.add_dimension("route", event["resource"])
    metrics.add_metric("Duration", MetricUnit.Milliseconds, milliseconds)
    logger.info(
        "request",
        method=event["httpMethod"],
        route=event["resource"],
        status=answer["statusCode"],
        milliseconds=milliseconds,
        actor=event["requestContext"]["authorizer"]["user_id"],
    )
    return answer
