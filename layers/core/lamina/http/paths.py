"""Path parameters that several endpoints share."""

from typing import Annotated

from pydantic import AfterValidator, Field

from lamina import ids

Id = Annotated[
    str,
    Field(description="A UUIDv7 in canonical text.", json_schema_extra={"format": "uuid"}),
    AfterValidator(ids.canonical),
]
"""The id of a thing."""
