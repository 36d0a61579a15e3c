"""Errors of fields: the codes of REST, and nothing internal."""

import re
from typing import Any

from graphql import GraphQLError
from graphql.pyutils import snake_to_camel

from lamina.errors import Invalid, LaminaError, Problem
from lamina.graphql_errors import as_graphql
from lamina.known_errors import known_error

_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)


def refused(errors: list[GraphQLError], request_id: str, *, with_suggestions: bool) -> list[dict[str, Any]]:
    """Return the errors of a document that is not valid.

    Args:
        errors: the errors.
        request_id: id of the request.
        with_suggestions: whether to name similar fields; they are part of the schema.
    """
    messages = [each.message if with_suggestions else _SUGGESTION.sub("", each.message) for each in errors]
    return [
        {**as_graphql(Invalid(message), request_id), **_locations(each)}
        for message, each in zip(messages, errors, strict=True)
    ]


def failed(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """Return the error of a field. Bugs and outages are logged, without the caller's input."""
    found = as_lamina(error)
    return {**as_graphql(found, request_id), **_locations(error), "path": error.path}


def as_lamina(error: GraphQLError) -> LaminaError:
    """Return the error that a resolver raised; what GraphQL itself refuses is invalid input."""
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return Invalid(error.message)
    found = known_error(cause)
    if not found.details:
        return found
    # The fields of input and arguments have other names here than in REST.
    found.details = tuple(Problem(_camel(each.field), each.message) for each in found.details)
    return found


def _camel(path: str) -> str:
    return ".".join(snake_to_camel(part, upper=False) for part in path.split("."))


def _locations(error: GraphQLError) -> dict[str, Any]:
    return {"locations": [each.formatted for each in error.locations or []]}
