"""Query parameters of lists of products."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from lamina.fields import QueryBoolean
from lamina.products.queries import ProductSort

MAX_SKU = 64

ActiveFilter = Annotated[
    QueryBoolean | None,
    Query(
        description="Only products that are, or are not, for sale. The latter are listed to callers who may write "
        "products only."
    ),
]
SearchText = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=100,
        description="Matches beginnings of words in SKU and name. All must match. Cannot be combined with `sort` and "
        "`page`.",
    ),
]
SortParameter = Annotated[
    ProductSort | None,
    Query(description="Sort field, `-` for descending; default: `-created_at`. Names sort without case."),
]
