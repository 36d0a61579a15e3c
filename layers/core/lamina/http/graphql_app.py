"""The GraphQL endpoint: its requests, and all of its errors in GraphQL's format.

https://spec.graphql.org/October2021/#sec-Response-Format
"""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import Invalid, LaminaError, Problem
from lamina.graphql_errors import as_graphql
from lamina.http.app import App
from lamina.http.request import Request
from lamina.http.responses import failure
from lamina.known_errors import as_lamina_error
from lamina.strict_json import as_json, parse

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Response

RESULT = {
    "type": "object",
    "properties": {
        "data": {"type": ["object", "null"]},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/GraphqlError"}},
    },
}
"""The schema of results, for the OpenAPI document."""


class GraphqlRequest(BaseModel):
    """A query or a mutation, with the values of its variables."""

    model_config = ConfigDict(extra="forbid")

    query: str | None = Field(
        default=None,
        min_length=1,
        description="The document. Required unless `extensions` names it.",
        examples=["{ posts { title } }"],
    )
    variables: dict[str, Any] | None = None
    operation_name: str | None = Field(default=None, alias="operationName")
    extensions: dict[str, Any] | None = Field(
        default=None, description="`persistedQuery` with `version` 1 and `sha256Hash`. Others are ignored."
    )


class GraphqlApp(App):
    """An endpoint that returns errors as `{errors: [{message, extensions: {code, …}}]}`."""

    def refuse(self, error: Exception, request: Request) -> "Response[Any]":
        """Return the response to an error that precedes execution."""
        response = failure(error, request)
        known = as_lamina_error(error) or LaminaError()
        response.body = as_json({"errors": [as_graphql(known, request.request_id)]})
        return response


def json_parameter(name: str, text: str | None) -> dict[str, Any]:
    """Return the JSON object of a query parameter; an empty one if it is not given.

    Raises:
        Invalid: if it is not an object.
        MalformedJson: if it is not valid JSON.
    """
    value = parse(text) if text else {}
    if not isinstance(value, dict):
        raise Invalid(details=[Problem(name, "must be a JSON object")])
    return value
