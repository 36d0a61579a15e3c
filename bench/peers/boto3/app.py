"""A bare handler: the event, boto3 and nothing else."""

import json
import time
import uuid

import users_table
from answers import STATUS, Refused, caller_of, envelope, failure, headers, manages_users
from checks import new_user, user_id
from lines import tell


def handler(event, context):
    """Handle one request."""
    started = time.perf_counter()
    request_id = event["requestContext"]["requestId"]
    correlation_id = event["headers"].get("X-Correlation-Id") or str(uuid.uuid4())
    caller = {}
    try:
        caller = caller_of(event)
        status, body, given = route(event, caller, correlation_id)
    except Refused as refused:
        status = STATUS[refused.code]
        body, given = failure(refused.code, refused.details, request_id), headers(correlation_id)
    except users_table.Taken as taken:
        (code,) = taken.args
        status, body, given = STATUS[code], failure(code, [], request_id), headers(correlation_id)
    tell(
        started,
        method=event["httpMethod"],
        route=event["resource"],
        status=status,
        correlation_id=correlation_id,
        request_id=request_id,
        actor=caller.get("user_id"),
    )
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **given},
        "body": json.dumps(body, separators=(",", ":"), ensure_ascii=False),
    }


def route(event, caller, correlation_id):
    """Choose what is asked."""
    match event["httpMethod"], event["resource"]:
        case "GET", "/v1/users/{user_id}":
            user = users_table.read(user_id(event["pathParameters"]["user_id"]))
            if user is None:
                raise Refused("NOT_FOUND")
            return 200, envelope(user, caller), headers(correlation_id, user)
        case "POST", "/v1/users":
            if not manages_users(caller):
                raise Refused("FORBIDDEN")
            user = users_table.create(new_user(event["body"]), caller["user_id"], correlation_id)
            return 201, envelope(user, caller), headers(correlation_id, user, created=True)
    raise Refused("NOT_FOUND")
