"""Queries of the list of posts."""

from dataclasses import dataclass
from typing import Literal

from lamina.access.policy import Action, Caller, may
from lamina.errors import Invalid, Problem
from lamina.posts.items import CREATED, PUBLISHED
from lamina.posts.model import Post, State

type PostSort = Literal["published_at", "-published_at", "created_at", "-created_at"]
"""Sort orders supported by an index; `-` for descending."""


@dataclass(frozen=True, kw_only=True)
class PostQuery:
    """A query of the list of posts.

    Attributes:
        states: only posts in these states; the list contains nothing if there are none.
        author_id: only posts of this author.
        tag: only posts with this tag.
        search: only posts that match this text, the best first; `""` for all.
        sort: `published_at` or `created_at`.
        descending: the order.
        filters: the query parameters that were sent, for links.
    """

    states: tuple[State, ...] = (State.PUBLIC,)
    author_id: str = ""
    tag: str = ""
    search: str = ""
    sort: str = PUBLISHED
    descending: bool = True
    filters: dict[str, str]

    @property
    def audience(self) -> str:
        """Which list it is, so that a cursor of one list is not valid for another."""
        return ",".join((*self.states, self.author_id))

    def includes(self, post: Post) -> bool:
        """Return whether a post, as it is now, matches the query."""
        return (
            post.state in self.states
            and self.author_id in ("", post.author_id)
            and (not self.tag or self.tag in post.tags)
        )


def post_query(
    caller: Caller | None,
    *,
    author_id: str | None,
    published: bool | None,
    tag: str | None,
    sort: PostSort | None,
    search: str | None = None,
    page: int | None = None,
) -> PostQuery:
    """Return the query of a caller, or of somebody who is not signed in.

    Drafts and private posts are listed to their author and to admins only: to an author if the list is limited to its
    own posts, or asks for what is not published; to an admin if the list is limited to an author, or asks for what is
    or is not published.

    Args:
        caller: the caller.
        author_id: only posts of this author.
        published: only posts that are, or are not, published.
        tag: only posts with this tag.
        sort: requested order.
        search: text to search for, in what is published and public.
        page: requested page number.

    Raises:
        Invalid: if no index supports the combination; the message names the parameters.
    """
    requested = {"author_id": author_id, "published": published, "tag": tag, "sort": sort, "search": search}
    filters = {name: str(value) for name, value in requested.items() if value is not None}
    if published is not None:
        filters["published"] = filters["published"].lower()
    owner = author_id or ""
    if published is False and caller is not None and not may(caller, Action.POST_READ_UNPUBLISHED):
        owner = owner or caller.user_id
    sees_all = caller is not None and may(caller, Action.POST_READ_UNPUBLISHED, owner_id=owner)
    states = (State.PUBLIC,) if search else _states(published, sees_all=sees_all, is_limited=bool(owner))
    order = sort or (f"-{CREATED}" if State.DRAFT in states else f"-{PUBLISHED}")
    with_drafts = State.DRAFT in states and order.lstrip("-") == PUBLISHED
    problems = [
        Problem(field, advice)
        for field, wrong, advice in (
            ("sort", with_drafts, "must be created_at or -created_at for lists with drafts; or add published=true"),
            ("search", search and not any(map(str.isalnum, search)), "must contain a letter or a digit"),
            ("sort", search and sort, "cannot be combined with search, which sorts by relevance"),
            ("page", search and page, "cannot be combined with search; use cursor"),
            ("published", search and published is False, "must be true with search, which finds published posts"),
        )
        if wrong
    ]
    if problems:
        raise Invalid(details=problems)
    return PostQuery(
        states=states,
        author_id=owner,
        tag=tag or "",
        search=search or "",
        sort=order.lstrip("-"),
        descending=order.startswith("-"),
        filters=filters,
    )


def _states(published: bool | None, *, sees_all: bool, is_limited: bool) -> tuple[State, ...]:
    if published is False:
        return (State.DRAFT,) if sees_all else ()
    if not sees_all or (published is None and not is_limited):
        return (State.PUBLIC,)
    return (State.PRIVATE, State.PUBLIC) if published else tuple(State)
