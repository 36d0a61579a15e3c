"""The GraphQL endpoint: its requests, and all of its errors in GraphQL's format.

https://spec.graphql.org/October2021/#sec-Response-Format
"""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import LaminaError
from lamina.http.app import App
from lamina.http.errors import as_lamina_error
from lamina.http.request import Request
from lamina.http.responses import as_json, failure

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


def as_graphql(error: LaminaError, request_id: str) -> dict[str, Any]:
    """Write an error as `{message, extensions}`: code, invalid fields if there are any, and id of the request."""
    details = [{"field": each.field, "message": each.message} for each in error.details]
    extensions = {"code": error.code, **({"details": details} if details else {}), "requestId": request_id}
    return {"message": error.message, "extensions": extensions}
