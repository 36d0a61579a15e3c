"""The requests that contenders serve, as API Gateway passes them on: two that all serve, and GraphQL, which is ours."""

import json
from enum import StrEnum
from itertools import count
from typing import Any

from local.samples import sample

ADMIN = "0190a3f0-0000-7000-8000-000000000001"
USER = "0190a3f0-0000-7000-8000-000000000002"
QUERY = """query ($id: ID!) { user(id: $id) {
  id email username name age role status emailVerified metadata avatarUrl version createdAt updatedAt createdBy } }"""
"""The user that a GET returns."""
METADATA = {"team": "compilers"}
LEFT_OUT = {"Idempotency-Key", "If-None-Match"}
"""Headers of the sample events that only Lamina supports: an idempotency key, a response without a body."""


class Work(StrEnum):
    """A kind of request."""

    GET = "GET"
    POST = "POST"
    GRAPHQL = "GraphQL"


SHARED = (Work.GET, Work.POST)
"""What every contender serves."""
PLACES = {Work.GET: "users/get", Work.POST: "users/create", Work.GRAPHQL: "graphql/execute"}
"""Our function, by its place, which is also that of its sample event."""

_numbers = count(1)


def event(work: Work) -> bytes:
    """Compose an event: the sample event of our function; every POST is of another user, without a password."""
    request = sample(PLACES[work])
    for headers in (request["headers"], request["multiValueHeaders"]):
        for name in LEFT_OUT & headers.keys():
            del headers[name]
    if work is Work.POST:
        request["body"] = json.dumps(new_user(next(_numbers)))
    elif work is Work.GRAPHQL:
        request["body"] = json.dumps({"query": QUERY, "variables": {"id": USER}})
    return json.dumps(request).encode()


def new_user(number: int) -> dict[str, Any]:
    """Return a random body for a POST."""
    handle = f"grace.{number:07}"
    return {
        "email": f"{handle}@example.com",
        "username": handle,
        "name": "Grace Hopper",
        "role": "editor",
        "metadata": METADATA,
    }
