"""Errors in GraphQL's format, for the endpoint and for what it executes.

https://spec.graphql.org/October2021/#sec-Errors
"""

from typing import Any

from lamina.errors import LaminaError


def as_graphql(error: LaminaError, request_id: str) -> dict[str, Any]:
    """Write an error as `{message, extensions}`: code, invalid fields if there are any, and id of the request."""
    details = [{"field": each.field, "message": each.message} for each in error.details]
    extensions = {"code": error.code, **({"details": details} if details else {}), "requestId": request_id}
    return {"message": error.message, "extensions": extensions}
