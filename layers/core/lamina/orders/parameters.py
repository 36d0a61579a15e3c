"""Query parameters of lists of orders."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BeforeValidator

from lamina.fields import canonical_id
from lamina.orders.model import OrderStatus
from lamina.orders.queries import OrderSort

StatusFilter = Annotated[OrderStatus | None, Query(description="Only orders in this state.")]
CustomerFilter = Annotated[
    str | None,
    Query(
        description="Only orders of this customer; other customers than oneself: admins only.",
        json_schema_extra={"format": "uuid"},
    ),
    BeforeValidator(canonical_id),
]
SortParameter = Annotated[
    OrderSort | None, Query(description="Sort field, `-` for descending; default: `-created_at`.")
]
