"""Request and response models of posts."""

import hashlib
import re
import unicodedata
from typing import Annotated, Any, TypedDict

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from lamina import ids
from lamina.access.policy import Action, Caller, may
from lamina.fields import (
    INVISIBLE,
    LINE_ADVICE,
    TEXT_ADVICE,
    VISIBLE_LINE,
    VISIBLE_TEXT,
    Boolean,
    canonical_id,
    matching,
)
from lamina.ids import Href, Id, Instant
from lamina.posts.model import FoundPost, NewPost, State, Visibility, WholePost, WrittenPost
from lamina.posts.slugs import MAX_LENGTH, SLUG
from lamina.storage.pages import Page

MAX_CONTENT_BYTES = 200_000
_TAG_CATEGORIES = ("L", "M")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
TAG_ADVICE = "must have 1 to 50 letters of any script, digits and hyphens"


def _small(content: str) -> str:
    if len(content.encode()) > MAX_CONTENT_BYTES:
        raise ValueError(f"must have at most {MAX_CONTENT_BYTES} bytes in UTF-8")
    return content


def tag(text: str) -> str:
    """Return a tag in its stored form: composed (NFC) and in lower case.

    Raises:
        ValueError: if it contains anything but visible letters of any script with their marks, ASCII digits and
            hyphens.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    kinds = ["" if char in "0123456789-" else unicodedata.category(char)[0] for char in folded]
    allowed = {"", *_TAG_CATEGORIES}.issuperset(kinds) and kinds[:1] != ["M"] and not _INVISIBLE.search(folded)
    if not allowed or not 1 <= len(folded) <= 50:  # noqa: PLR2004 (as TAG_ADVICE says)
        raise ValueError(TAG_ADVICE)
    return folded


def _distinct(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


type Title = Annotated[
    str,
    Field(min_length=1, max_length=200, examples=["Hello, world"], json_schema_extra={"pattern": VISIBLE_LINE}),
    matching(VISIBLE_LINE, LINE_ADVICE),
]
type Source = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100_000,
        description=f"Markdown (CommonMark with tables, strikethrough and autolinks), at most {MAX_CONTENT_BYTES} "
        "bytes in UTF-8. HTML is not interpreted.",
        examples=["This is **my** first post."],
        json_schema_extra={"pattern": VISIBLE_TEXT},
    ),
    matching(VISIBLE_TEXT, TEXT_ADVICE),
    AfterValidator(_small),
]
type Slug = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_LENGTH,
        description="Unique name in URLs. If it is omitted, a new post gets one derived from its title.",
        examples=["hello-world"],
        json_schema_extra={"pattern": SLUG},
    ),
    matching(SLUG, f"must have 1 to {MAX_LENGTH} of the characters a-z, 0-9 and -"),
]
type Tag = Annotated[
    str,
    Field(
        min_length=1,
        max_length=50,
        description="Letters of any script, digits and hyphens. Stored in lower case.",
        examples=["news"],
    ),
    AfterValidator(tag),
]
type Tags = Annotated[list[Tag], Field(max_length=20), AfterValidator(_distinct)]
type AuthorId = Annotated[
    str,
    BeforeValidator(canonical_id),
    Field(
        description="Id of the author; default: the caller. Only admins can name another user.",
        examples=["01890a5d-ac96-774b-bcce-b302099a8057"],
        json_schema_extra={"format": "uuid"},
    ),
]
type Published = Annotated[Boolean, Field(description="Whether the post is published.")]


class PostInput(BaseModel):
    """A new post, or a full post for PUT. Omitted optional fields are reset, except slug and author."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    content: Source
    slug: Slug | None = None
    tags: Tags = Field(default_factory=list)
    visibility: Visibility = Visibility.PUBLIC
    published: Published = False
    author_id: AuthorId | None = None


class PostChange(BaseModel):
    """A partial post, for PATCH (RFC 7396). Omitted fields are kept."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    content: Source = ""
    slug: Slug = ""
    tags: Tags = Field(default_factory=list)
    visibility: Visibility = Visibility.PUBLIC
    published: Published = False
    author_id: AuthorId = ""


class AuthorView(BaseModel):
    """The author of a post."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    username: str = Field(examples=["ada"])
    name: str = Field(examples=["Ada Lovelace"])
    avatar_url: str | None = Field(examples=[None])


class PostSummary(BaseModel):
    """A post without its content, as in lists."""

    id: Id
    title: str = Field(examples=["Hello, world"])
    excerpt: str = Field(description="The beginning of the content as plain text.", examples=["This is my first post."])
    slug: str = Field(examples=["hello-world"])
    tags: list[str] = Field(examples=[["news"]])
    visibility: Visibility
    published: bool
    published_at: Instant | None
    author: AuthorView
    author_id: Id
    version: int = Field(examples=[1])
    created_at: Instant
    updated_at: Instant


class HighlightsView(BaseModel):
    """Where a search matches: fragments of HTML in which only `<mark>` is not escaped."""

    model_config = ConfigDict(from_attributes=True)

    title: list[str] = Field(examples=[["<mark>Hello</mark>, world"]])
    content: list[str] = Field(examples=[["This is my first post. <mark>Hello</mark>!"]])


class PostHit(PostSummary):
    """A post that a search found."""

    score: float = Field(description="How well it matches (BM25).", examples=[7.25])
    highlights: HighlightsView


class PostView(PostSummary):
    """A post with its content."""

    content: str = Field(description="Markdown.", examples=["This is **my** first post."])
    content_html: str = Field(
        description="The content as sanitised HTML.", examples=["<p>This is <strong>my</strong> first post.</p>\n"]
    )


class PostLinks(TypedDict):
    """Links of a post."""

    self: Href
    collection: Href
    author: Href
    by_slug: Href


def new_post(body: PostInput, caller: Caller) -> NewPost:
    """Return the properties of a new post."""
    return NewPost(
        author_id=body.author_id or caller.user_id,
        title=body.title,
        content=body.content,
        slug=body.slug or "",
        tags=tuple(body.tags),
        visibility=body.visibility,
        published=body.published,
    )


def summary(found: WrittenPost) -> PostSummary:
    """Return the response model of a post in a list."""
    return PostSummary(**_fields(found))


def hit(found: FoundPost) -> PostHit:
    """Return the response model of a post that a search found."""
    highlights = HighlightsView.model_validate(found.highlights)
    return PostHit(**_fields(found), score=found.score, highlights=highlights)


def view(found: WholePost) -> PostView:
    """Return the response model of a post."""
    return PostView(**_fields(found), content=found.content.source, content_html=found.content.html)


def etag(found: WrittenPost) -> str:
    """Return the entity tag of a post: its version, and a digest of what it shows of its author."""
    author = AuthorView.model_validate(found.author).model_dump_json()
    return f"{ids.etag(found.post.id, found.post.version)}.{ids.state_of(author)}"


def page_etag[P: WrittenPost](page: Page[P]) -> str:
    """Return the entity tag of a page of posts, and of the scores of a search."""
    scores = [str(each.score) for each in page.items if isinstance(each, FoundPost)]
    parts = [*map(etag, page.items), *scores, str(page.has_more), str(page.has_previous)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def is_shared(found: WrittenPost, reader: Caller | None) -> bool:
    """Return whether caches may share a post: everybody may read it, and the reader may not change it."""
    may_change = reader is not None and may(reader, Action.POST_UPDATE, owner_id=found.post.author_id)
    return found.post.state == State.PUBLIC and not may_change


def links(found: WrittenPost) -> PostLinks:
    """Return the links of a post."""
    return {
        "self": f"/v1/posts/{found.post.id}",
        "collection": "/v1/posts",
        "author": f"/v1/users/{found.author.id}",
        "by_slug": f"/v1/posts/slug/{found.post.slug}",
    }


def _fields(found: WrittenPost) -> dict[str, Any]:
    post = found.post
    return {
        "id": post.id,
        "title": post.title,
        "excerpt": post.excerpt,
        "slug": post.slug,
        "tags": list(post.tags),
        "visibility": post.visibility,
        "published": post.published,
        "published_at": post.published_at,
        "author": AuthorView.model_validate(found.author),
        "author_id": post.author_id,
        "version": post.version,
        "created_at": post.created_at,
        "updated_at": post.updated_at,
    }
