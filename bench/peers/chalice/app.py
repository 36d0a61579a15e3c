"""Chalice."""

import json
import time

import users_table
from answers import STATUS, Refused, caller_of, envelope, failure, headers, manages_users
from chalice import Chalice, Response
from checks import new_user
from checks import user_id as checked
from lines import tell

app = Chalice(app_name="bench")


def correlation_id():
    """Return the caller's correlation id, or API Gateway's id of the request."""
    return app.current_request.headers.get("x-correlation-id") or app.current_request.context["requestId"]


@app.middleware("http")
def count(event, get_response):
    """Log every request, and convert errors to responses."""
    started = time.perf_counter()
    request_id = event.context["requestId"]
    try:
        answer = get_response(event)
    except Refused as refused:
        answer = _failure(refused.code, refused.details, request_id)
    except users_table.Taken as taken:
        answer = _failure(taken.args[0], [], request_id)
    tell(
        started,
        method=event.method,
        route=event.path,
        status=answer.status_code,
        correlation_id=correlation_id(),
        request_id=request_id,
        actor=(event.context.get("authorizer") or {}).get("user_id"),
    )
    return answer


@app.route("/v1/users/{user_id}", methods=["GET"])
def get_user(user_id):
    """Return a user."""
    caller = caller_of(app.current_request.to_original_event())
    user = users_table.read(checked(user_id))
    if user is None:
        raise Refused("NOT_FOUND")
    return _answer(200, envelope(user, caller), headers(correlation_id(), user))


@app.route("/v1/users", methods=["POST"])
def create_user():
    """Create a user."""
    caller = caller_of(app.current_request.to_original_event())
    if not manages_users(caller):
        raise Refused("FORBIDDEN")
    user = users_table.create(new_user(app.current_request.raw_body), caller["user_id"], correlation_id())
    return _answer(201, envelope(user, caller), headers(correlation_id(), user, created=True))


def _answer(status, body, given):
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(text, {"Content-Type": "application/json", **given}, status)


def _failure(code, details, request_id):
    return _answer(STATUS[code], failure(code, details, request_id), headers(correlation_id()))
