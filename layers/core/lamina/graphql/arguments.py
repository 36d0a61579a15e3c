"""Arguments and input objects, validated by the same types as in REST."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError

from lamina import ids
from lamina.errors import Invalid, Problem
from lamina.posts.latest import KEPT
from lamina.posts.parameters import AuthorFilter, TagFilter
from lamina.posts.slugs import MAX_LENGTH
from lamina.products.parameters import MAX_SKU
from lamina.storage.pages import MAX_OFFSET
from lamina.strict_json import check
from lamina.users.parameters import SearchText as UserSearchText
from lamina.validation_errors import invalid

type Limit = Annotated[int, Field(ge=1, le=100)]


class Arguments(BaseModel):
    """The arguments of a field."""

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Self:
        """Return validated arguments; null stands for the default.

        Raises:
            Invalid: with a problem for each invalid argument.
        """
        return validated(cls, {name: value for name, value in arguments.items() if value is not None})


class Offset(Arguments):
    """Where a list without cursors starts."""

    limit: Limit = 20
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET)] = 0

    def check(self, *, search: str | None = None) -> None:
        """Refuse an offset that no list supports.

        Raises:
            Invalid: for an offset beyond 10,000 objects, or together with a search.
        """
        if self.limit + self.offset > MAX_OFFSET:
            raise Invalid(details=[Problem("offset", f"must not exceed {MAX_OFFSET} objects with limit")])
        if search and self.offset:
            raise Invalid(details=[Problem("offset", "cannot be combined with search")])


class UsersArguments(Offset):
    """The arguments of `users`."""

    limit: Limit = 10
    search: UserSearchText = None


class PostsArguments(Offset):
    """The arguments of `posts`."""

    author_id: AuthorFilter = None
    published: bool | None = None
    tag: TagFilter = None


class LatestArguments(Arguments):
    """The arguments of `User.posts`."""

    limit: Annotated[int, Field(ge=1, le=KEPT)] = 10


class SlugArgument(Arguments):
    """The argument `slug` of `post`."""

    slug: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]


class SkuArgument(Arguments):
    """The argument `sku` of `product`."""

    sku: Annotated[str, Field(min_length=1, max_length=MAX_SKU)]


def validated[M: BaseModel](kind: type[M], given: Mapping[str, Any]) -> M:
    """Return an input object as a model.

    Raises:
        Invalid: with a problem for each invalid field.
        MalformedJson: for values that JSON bodies must not have either.
    """
    check(dict(given))
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise invalid([{**each, "loc": ("input", *each["loc"])} for each in found]) from None


def identifier(text: str) -> str:
    """Return an id in canonical form.

    Raises:
        Invalid: if it is not a UUID.
    """
    try:
        return ids.canonical(text)
    except ValueError as error:
        raise Invalid(details=[Problem("id", str(error))]) from None


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an input object that creates something: null stands for the default."""
    return {name: value for name, value in values.items() if value is not None}


def if_version(expected: int | None) -> Callable[[int], bool]:
    """Return the condition that a change imposes on the stored version; None for any version."""
    return lambda version: expected in (None, version)
