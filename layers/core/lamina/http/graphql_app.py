"""The GraphQL endpoint: its requests, and all of its errors in GraphQL's format.

https://spec.graphql.org/October2021/#sec-Response-Format
"""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import LaminaError
from lamina.graphql_errors import as_graphql
from lamina.http.app import App
from lamina.http.request import Request
from lamina.http.responses import failure
from lamina.known_errors import as_lamina_error
from lamina.strict_json import as_json

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Response


class GraphqlRequest(BaseModel):
    """A query or a mutation, with the values of its variables."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, description="The document.", examples=["{ posts { title } }"])
    variables: dict[str, Any] | None = None
    operation_name: str | None = Field(default=None, alias="operationName")
    extensions: dict[str, Any] | None = Field(default=None, description="Ignored.")


class GraphqlApp(App):
    """An endpoint that returns errors as `{errors: [{message, extensions: {code, …}}]}`."""

    def refuse(self, error: Exception, request: Request) -> "Response[Any]":
        """Return the response to an error that precedes execution."""
        response = failure(error, request)
        known = as_lamina_error(error) or LaminaError()
        response.body = as_json({"errors": [as_graphql(known, request.request_id)]})
        return response
