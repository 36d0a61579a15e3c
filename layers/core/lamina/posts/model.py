"""The domain model of posts."""

from dataclasses import dataclass
from enum import StrEnum

from lamina.users.model import User


class Visibility(StrEnum):
    """Who may read a published post."""

    PUBLIC = "public"
    PRIVATE = "private"


class State(StrEnum):
    """The state of a post, which decides who sees it and which lists contain it."""

    DRAFT = "draft"
    """Not published: only its author and admins see it."""
    PRIVATE = "private"
    """Published, but only for its author and admins."""
    PUBLIC = "public"
    """Published for everybody."""


@dataclass(frozen=True, kw_only=True)
class NewPost:
    """The properties of a new post; fields as in `Post`.

    Attributes:
        slug: requested slug; `""` to derive it from the title.
        content: Markdown source.
    """

    author_id: str
    title: str
    content: str
    slug: str = ""
    tags: tuple[str, ...] = ()
    visibility: Visibility = Visibility.PUBLIC
    published: bool = False


@dataclass(frozen=True, kw_only=True)
class Post:
    """A post at one version, without its content.

    Attributes:
        id: UUIDv7.
        author_id: id of the user who wrote it.
        title: one line of text.
        slug: name of the post in URLs, unique among all posts.
        old_slugs: previous slugs, which still lead to the post.
        excerpt: beginning of the content as plain text.
        tags: lower-case tags, without duplicates.
        visibility: who may read it once it is published.
        published_at: RFC 3339 UTC; None if it is not published.
        content_version: number of times that the content was written.
        version: number of changes, from 1; 0 before the first save.
        created_at: RFC 3339 UTC.
        updated_at: RFC 3339 UTC.
        created_by: id of the user who created it.
    """

    id: str
    author_id: str
    title: str
    slug: str
    excerpt: str
    created_at: str
    updated_at: str
    old_slugs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    visibility: Visibility = Visibility.PUBLIC
    published_at: str | None = None
    content_version: int = 1
    version: int = 0
    created_by: str | None = None

    @property
    def published(self) -> bool:
        """Whether it is published."""
        return self.published_at is not None

    @property
    def state(self) -> State:
        """Its state."""
        if self.published_at is None:
            return State.DRAFT
        return State.PUBLIC if self.visibility == Visibility.PUBLIC else State.PRIVATE


class ContentForm(StrEnum):
    """A form in which the content of a post is stored."""

    SOURCE = "SOURCE"
    """Markdown."""
    HTML = "HTML"
    """Its sanitised rendering."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """The content of a post.

    Attributes:
        source: Markdown.
        html: its sanitised rendering.
    """

    source: str
    html: str


@dataclass(frozen=True)
class WrittenPost:
    """A post together with its author, as readers see it in lists."""

    post: Post
    author: User


@dataclass(frozen=True)
class WholePost(WrittenPost):
    """A post together with its author and its content."""

    content: Content


@dataclass(frozen=True)
class Highlights:
    """Where a search matches a post: fragments of HTML in which only `<mark>` is not escaped.

    Attributes:
        title: the title, if it matches.
        content: fragments of the content.
    """

    title: list[str]
    content: list[str]


@dataclass(frozen=True)
class FoundPost(WrittenPost):
    """A post that a search found.

    Attributes:
        score: how well it matches; hits are ordered by it.
        highlights: where it matches.
    """

    score: float
    highlights: Highlights
