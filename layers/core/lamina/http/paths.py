"""Path parameters shared by endpoints."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AfterValidator

from lamina import ids

Id = Annotated[
    str,
    Path(description="A UUIDv7 in canonical text.", json_schema_extra={"format": "uuid"}),
    AfterValidator(ids.canonical),
]
"""The id of a resource."""
