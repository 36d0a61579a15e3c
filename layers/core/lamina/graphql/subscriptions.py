"""Operations over WebSocket: queries and mutations are executed, and subscriptions are begun and given events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any

from graphql import OperationType

from lamina.errors import Invalid, Problem
from lamina.graphql import limits
from lamina.graphql.context import Context
from lamina.graphql.execution import Refused, evaluate, prepare
from lamina.graphql.topics import Beginning, Occurrence, Topic

if TYPE_CHECKING:
    from graphql import DocumentNode

NOT_READABLE = {"FORBIDDEN", "NOT_FOUND", "UNAUTHENTICATED"}
"""Codes of what a caller may not read, or what is not there any more."""
DOCUMENTS = 256

_one_at_a_time = Lock()
"""Threads share the loop of the process."""


@dataclass(frozen=True)
class Result:
    """The result of a query or a mutation, or the errors of a document: 200 if it was executed, else 400."""

    status: HTTPStatus
    document: Mapping[str, Any]


class NotExecuted(Exception):
    """A subscription could not be executed for an event, for a reason that a retry may resolve."""


def start(
    query: str, variables: Mapping[str, Any], operation_name: str | None, context: Context, request_id: str
) -> Topic | Result:
    """Execute a query or a mutation, or return the topic of a subscription that the caller may have.

    Raises:
        Invalid, LimitExceeded, Unauthenticated, TimedOut: see `execution.run`.
    """
    try:
        document = prepare(query, variables, operation_name, context, request_id)
    except Refused as refused:
        return Result(HTTPStatus.BAD_REQUEST, {"errors": refused.errors})
    if limits.only_operation(document).operation != OperationType.SUBSCRIPTION:
        return Result(HTTPStatus.OK, evaluate(document, variables, context, request_id))
    beginning = Beginning()
    answered = evaluate(document, variables, context, request_id, beginning)
    if beginning.topic is not None:
        return beginning.topic
    if "errors" in answered:
        return Result(HTTPStatus.BAD_REQUEST, {"errors": answered["errors"]})
    raise Invalid("The subscription is about nothing.", details=[Problem("query", "must select a field")])


def result_for(
    query: str, variables: Mapping[str, Any], occurrence: "Occurrence[Any]", context: Context, request_id: str
) -> dict[str, Any] | None:
    """Execute a subscription for an event.

    Returns:
        `data`, and `errors` if there are any; None if the caller may not read the subject.

    Raises:
        NotExecuted: if a retry may succeed.
    """
    with _one_at_a_time:
        answered = evaluate(_document(query), variables, context, request_id, occurrence)
    if answered["data"] is not None:
        return answered
    codes = {error["extensions"]["code"] for error in answered.get("errors", [])}
    if codes & NOT_READABLE:
        return None
    raise NotExecuted(json.dumps(sorted(codes)))


@lru_cache(maxsize=DOCUMENTS)
def _document(query: str) -> "DocumentNode":
    """Parse the document of a subscription, which was checked when it began."""
    return limits.parse_limited(query)
