"""Executes GraphQL requests: parse, validate, limit, execute, within 8 seconds."""

import asyncio
import atexit
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    execute,
    specified_rules,
    type_from_ast,
    validate,
)
from graphql.utilities import coerce_input_value

from lamina.errors import Invalid, Problem, Unauthenticated, Unavailable
from lamina.graphql import jobs, limits, orders, posts, products, topics, users
from lamina.graphql.context import Context
from lamina.graphql.errors import failed, refused
from lamina.graphql.persisted import PersistedQueryNotFound
from lamina.graphql.schema import build, sdl
from lamina.graphql_errors import as_graphql
from lamina.strict_json import as_json

if TYPE_CHECKING:
    from graphql import (
        DocumentNode,
    )

SECONDS = 8
"""Below the 10 seconds of an endpoint, so that it can still answer."""
MAX_RESPONSE_BYTES = 6_000_000
"""Lambda returns 6 MB of JSON (Lambda quotas), in which the body is a string: quotes and other characters take more."""

RESOLVERS = {**users.RESOLVERS, **posts.RESOLVERS, **products.RESOLVERS, **orders.RESOLVERS, **topics.RESOLVERS}
MODELS = {**users.MODELS, **posts.MODELS, **products.MODELS, **orders.MODELS, **jobs.MODELS}
SCHEMA = build(sdl(), RESOLVERS, MODELS)
_QUICK_RULES = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
_VALUE = re.compile(r": .*$|^Value .*(?= does not exist)", re.DOTALL)


class TimedOut(Unavailable):
    """The query takes too long. Changes that it has begun may still be made."""

    code = "TIMEOUT"
    message = f"The query takes longer than {SECONDS} seconds. Request less at once."


@dataclass(frozen=True)
class Answer:
    """The response to a request: 200 if the document was executed, else 400.

    Attributes:
        status: the status.
        text: JSON.
        is_whole: whether there are no errors in it.
    """

    status: HTTPStatus
    text: str
    is_whole: bool = False


class MutationRefused(Invalid):
    """A mutation, where only queries are executed."""

    message = "Send mutations by POST."


class Refused(Exception):
    """The document cannot be parsed, or is not valid.

    Attributes:
        errors: its errors, in GraphQL's format.
    """

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.errors = errors


class _NotValid(Exception):
    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


def run(
    query: str,
    variables: Mapping[str, Any],
    operation_name: str | None,
    context: Context,
    request_id: str,
    *,
    queries_only: bool = False,
    checked: Callable[[], object] = lambda: None,
) -> Answer:
    """Execute the query or the mutation of a request over HTTP.

    Args:
        query: the document.
        variables: values of its variables.
        operation_name: name of its operation; None if it is not given.
        context: what resolvers know of the request.
        request_id: id of the request.
        queries_only: whether to refuse mutations.
        checked: called before a document that may be executed is.

    Raises:
        MutationRefused: for a mutation, with `queries_only`.
        Invalid: if the operation is not there, or variables do not match their types.
        LimitExceeded: if the document or the response exceeds a limit.
        Unauthenticated: if it reads the schema, and nobody is signed in.
        TimedOut: after 8 seconds.
    """
    try:
        document = prepare(query, variables, operation_name, context, request_id)
    except Refused as found:
        return Answer(HTTPStatus.BAD_REQUEST, as_json({"errors": found.errors}))
    operation = limits.only_operation(document).operation
    if operation == OperationType.SUBSCRIPTION:
        details = [Problem("query", "must not be a subscription")]
        raise Invalid("The API has no subscriptions over HTTP. Use the WebSocket.", details=details)
    if queries_only and operation == OperationType.MUTATION:
        raise MutationRefused
    checked()
    result = evaluate(document, variables, context, request_id)
    text = as_json(result)
    size = len(json.dumps(text))
    if size > MAX_RESPONSE_BYTES:
        raise limits.exceeded("response in bytes", f"{size:,}", MAX_RESPONSE_BYTES)
    return Answer(HTTPStatus.OK, text, is_whole="errors" not in result)


def not_found(error: PersistedQueryNotFound, request_id: str) -> Answer:
    """Return the response to an unknown hash. It is 200: clients of the protocol give up at another status."""
    return Answer(HTTPStatus.OK, as_json({"errors": [as_graphql(error, request_id)]}))


def prepare(
    query: str, variables: Mapping[str, Any], operation_name: str | None, context: Context, request_id: str
) -> "DocumentNode":
    """Parse a document and check it: whether it is valid, within the limits, and has the variables that it takes.

    Raises:
        Refused: if it is not valid.
        Invalid, LimitExceeded, Unauthenticated: see `run`.
    """
    is_known = context.reader is not None
    try:
        return _prepared(query, variables, operation_name, is_known=is_known)
    except _NotValid as found:
        raise Refused(refused(found.errors, request_id, with_suggestions=is_known)) from None
    except RecursionError:
        raise limits.exceeded("depth", "more than 100", limits.MAX_DEPTH) from None


def evaluate(
    document: "DocumentNode",
    variables: Mapping[str, Any],
    context: Context,
    request_id: str,
    root: object = None,
) -> dict[str, Any]:
    """Execute a document that `prepare` has accepted, and return `data`, and `errors` if there are any.

    Args:
        document: the document.
        variables: values of its variables.
        context: what resolvers know of the request.
        request_id: id of the request.
        root: the object that the fields of `Subscription` are resolved from.

    Raises:
        TimedOut: after 8 seconds.
    """
    # The loop belongs to the process; what is logged and traced, to the request.
    result = _runner().run(_execute(document, variables, context, root), context=copy_context())
    answered: dict[str, Any] = {"data": result.data}
    if result.errors:
        answered["errors"] = [failed(error, request_id) for error in result.errors]
    return answered


def _prepared(
    query: str, variables: Mapping[str, Any], operation_name: str | None, *, is_known: bool
) -> "DocumentNode":
    """Parse and check a document. The rule whose work grows with the square of a document comes after the limits."""
    try:
        document = limits.parse_limited(query)
    except GraphQLError as error:
        raise _NotValid([error]) from None
    operation = limits.only_operation(document)
    if operation_name and (operation.name is None or operation.name.value != operation_name):
        raise Invalid("The document has no operation of this name.", details=[Problem("operationName", "is unknown")])
    if errors := validate(SCHEMA, document, _QUICK_RULES):
        raise _NotValid(errors)
    measured = limits.check(SCHEMA, document, variables)
    if measured.introspects and not is_known:
        raise Unauthenticated("Sign in to read the schema, or see docs/graphql.md.")
    if errors := validate(SCHEMA, document, [OverlappingFieldsCanBeMergedRule]):
        raise _NotValid(errors)
    _check_variables(document, variables)
    return document


def _check_variables(document: "DocumentNode", variables: Mapping[str, Any]) -> None:
    """Refuse variables that do not match their types, with messages that do not contain their values."""
    problems: list[Problem] = []
    for definition in limits.only_operation(document).variable_definitions:
        name = definition.variable.name.value
        kind: Any = type_from_ast(SCHEMA, definition.type)
        if name not in variables and definition.default_value:
            continue

        def note(path: list[str | int], _: object, error: GraphQLError, name: str = name) -> None:
            problems.append(Problem(".".join(map(str, [name, *path])), _VALUE.sub("", error.message).strip()))

        coerce_input_value(variables.get(name), kind, note)
    if problems:
        raise Invalid("Some variables are invalid. See details.", details=problems)


async def _execute(
    document: "DocumentNode", variables: Mapping[str, Any], context: Context, root: object
) -> ExecutionResult:
    try:
        async with asyncio.timeout(SECONDS):
            result = execute(SCHEMA, document, root, context, dict(variables))
            return result if isinstance(result, ExecutionResult) else await result
    except TimeoutError:
        raise TimedOut from None


@cache
def _runner() -> asyncio.Runner:
    runner = asyncio.Runner()
    atexit.register(runner.close)
    return runner
