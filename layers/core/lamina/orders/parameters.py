"""Query parameters of lists of orders."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import AfterValidator

from lamina import ids
from lamina.orders.queries import Sort


def _canonical(text: str | None) -> str | None:
    return None if text is None else ids.canonical(text)


StatusFilter = Annotated[
    Literal["pending", "reserved", "paid", "confirmed", "rejected", "cancelled"] | None,
    Query(description="Only orders in this state."),
]
"""Not the enumeration itself: the document names schemas after their classes, and users have a `Status` too."""
CustomerFilter = Annotated[
    str | None,
    Query(
        description="Only orders of this customer; other customers than oneself: admins only.",
        json_schema_extra={"format": "uuid"},
    ),
    AfterValidator(_canonical),
]
SortParameter = Annotated[Sort | None, Query(description="Sort field, `-` for descending; default: `-created_at`.")]
