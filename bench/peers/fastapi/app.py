"""FastAPI under Mangum. Its endpoints are `async def`, which spares it a thread for each request."""

import time
from typing import Annotated

import users_table
from answers import STATUS, Refused, caller_of, envelope, failure, headers, manages_users
from fastapi import FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from lines import tell
from mangum import Mangum
from models import Envelope, NewUser, UserId

app = FastAPI(openapi_url=None)


def correlation_id(request):
    """Return the caller's correlation id, or API Gateway's id of the request."""
    return request.headers.get("x-correlation-id") or request.scope["aws.event"]["requestContext"]["requestId"]


@app.get("/v1/users/{user_id}")
async def get_user(user_id: Annotated[UserId, Path()], request: Request, response: Response) -> Envelope:
    """Return a user."""
    caller = caller_of(request.scope["aws.event"])
    user = users_table.read(user_id)
    if user is None:
        raise Refused("NOT_FOUND")
    response.headers.update(headers(correlation_id(request), user))
    return Envelope.model_validate(envelope(user, caller))


@app.post("/v1/users", status_code=201)
async def create_user(new: NewUser, request: Request, response: Response) -> Envelope:
    """Create a user."""
    caller = caller_of(request.scope["aws.event"])
    if not manages_users(caller):
        raise Refused("FORBIDDEN")
    user = users_table.create(new.model_dump(), caller["user_id"], correlation_id(request))
    response.headers.update(headers(correlation_id(request), user, created=True))
    return Envelope.model_validate(envelope(user, caller))


@app.exception_handler(Refused)
async def refuse(request: Request, refused: Refused):
    """Return 404 for a request that is not served."""
    return _failure(request, refused.code, refused.details)


@app.exception_handler(users_table.Taken)
async def taken(request: Request, error: users_table.Taken):
    """Return the error that another user has the address or the username."""
    return _failure(request, error.args[0], [])


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError):
    """Return the error that lists the invalid fields."""
    found = [{"field": ".".join(map(str, each["loc"][1:])), "message": each["msg"]} for each in error.errors()]
    return _failure(request, "VALIDATION_ERROR", found)


def _failure(request, code, details):
    body = failure(code, details, request.scope["aws.event"]["requestContext"]["requestId"])
    return JSONResponse(body, STATUS[code], headers(correlation_id(request)))


answer = Mangum(app, lifespan="off")


def handler(event, context):
    """Handle and log one request; FastAPI's own middleware would take longer."""
    started = time.perf_counter()
    given = answer(event, context)
    tell(
        started,
        method=event["httpMethod"],
        route=event["resource"],
        status=given["statusCode"],
        correlation_id=event["headers"].get("X-Correlation-Id") or event["requestContext"]["requestId"],
        request_id=event["requestContext"]["requestId"],
        actor=(event["requestContext"].get("authorizer") or {}).get("user_id"),
    )
    return given
