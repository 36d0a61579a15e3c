"""Query parameters of lists of users that GraphQL has too."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

SearchText = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=100,
        description="Matches beginnings of words in name, username and (admins only) e-mail address. All must match.",
    ),
]
