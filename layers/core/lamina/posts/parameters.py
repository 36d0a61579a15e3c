"""Query parameters of lists of posts."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import AfterValidator, BeforeValidator

from lamina.fields import QueryBoolean, canonical_id
from lamina.posts.queries import PostSort
from lamina.posts.schemas import tag


def _tag(text: str | None) -> str | None:
    return None if text is None else tag(text)


AuthorFilter = Annotated[
    str | None,
    Query(description="Only posts of this user.", json_schema_extra={"format": "uuid"}),
    BeforeValidator(canonical_id),
]
PublishedFilter = Annotated[
    QueryBoolean | None,
    Query(description="Only posts that are, or are not, published. Drafts are listed to their author and admins only."),
]
TagFilter = Annotated[
    str | None, Query(min_length=1, max_length=50, description="Only posts with this tag."), AfterValidator(_tag)
]
SortParameter = Annotated[
    PostSort | None,
    Query(
        description="Sort field, `-` for descending; default: `-published_at`, or `-created_at` for lists with drafts."
    ),
]
SearchText = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        description="Full text: words in title, tags and content; the last one also as a beginning. The best match is "
        "first. Cannot be combined with `sort` and `page`.",
    ),
]
