"""Table items of posts: the post, its content, its slugs, and its entries in lists."""

import zlib

from pynamodb.attributes import BinaryAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina.posts.model import Content, ContentForm, Post, State, Visibility
from lamina.storage.item import Item
from lamina.storage.keys import SHARDS, key, list_partition, list_position, shard_of, value_of
from lamina.storage.transactions import Update

LIST = "POSTS"
CREATED, PUBLISHED = "created_at", "published_at"


class PostItem(Item, discriminator="post"):
    """A post without its content: `POST#<id>` / `POST`. It is its own entry in the lists by creation time."""

    author_id = UnicodeAttribute()
    title = UnicodeAttribute()
    slug = UnicodeAttribute()
    old_slugs = JSONAttribute(default=list)
    excerpt = UnicodeAttribute()
    tags = JSONAttribute(default=list)
    visibility = UnicodeAttribute()
    published_at = UnicodeAttribute(null=True)
    content_version = NumberAttribute(default=1)


class ContentItem(Item, discriminator="post_content"):
    """The content of a post, compressed (zlib): `POST#<id>` / `SOURCE` for Markdown, `HTML` for its rendering.

    Its `version` is the `content_version` of the post.
    """

    text = BinaryAttribute(legacy_encoding=False)


class SlugItem(Item, discriminator="post_slug"):
    """Reserves a slug, current or old, for a post: `SLUG#<slug>` / `GUARD`."""

    post_id = UnicodeAttribute()


class PostEntryItem(Item, discriminator="post_entry"):
    """An entry of a post in further lists: `POST#<id>` / `ENTRY#<sort>#<tag>`.

    The lists by publication time, and those of each tag. It has no version: the transaction of the post decides.
    """

    def entry(self) -> Update:
        """Return the update that writes it, whether or not it exists."""
        return self, [
            PostEntryItem.kind.set(PostEntryItem),
            PostEntryItem.schema_version.set(1),
            PostEntryItem.created_at.set(self.created_at),
            PostEntryItem.gsi1pk.set(self.gsi1pk),
            PostEntryItem.gsi2pk.set(self.gsi2pk),
            PostEntryItem.gsisk.set(self.gsisk),
        ]


class LatestPostsItem(Item, discriminator="latest_posts"):
    """Ids of an author's latest posts, newest first: `AUTHOR#<user id>` / `LATEST` (`lamina.posts.latest`)."""

    public = JSONAttribute(default=list)
    """Those that everybody may read, by publication."""
    every = JSONAttribute(default=list)
    """Those in any state, by creation."""


def post_key(post_id: str) -> tuple[str, str]:
    """Return the key of a post."""
    return key("POST", post_id), "POST"


def content_key(post_id: str, form: ContentForm) -> tuple[str, str]:
    """Return the key of a form of a post's content."""
    return key("POST", post_id), form


def slug_key(slug: str) -> tuple[str, str]:
    """Return the key of the item that reserves a slug."""
    return key("SLUG", slug), "GUARD"


def latest_key(author_id: str) -> tuple[str, str]:
    """Return the key of the latest posts of an author."""
    return key("AUTHOR", author_id), "LATEST"


def list_partitions(sort: str, state: State, *, author_id: str = "", tag: str = "") -> tuple[str, list[str]]:
    """Return the index and the partitions of a list.

    Args:
        sort: `created_at` or `published_at`.
        state: only posts in this state.
        author_id: only posts of this author; their list has one partition.
        tag: only posts with this tag.
    """
    if author_id:
        return "gsi2", [_author_partition(sort, state, author_id, tag)]
    return "gsi1", [list_partition(LIST, sort, state, tag, shard=shard) for shard in range(SHARDS)]


def post_item(post: Post) -> PostItem:
    """Return the item of a post, to be saved conditional on the version that was read."""
    item = PostItem(
        *post_key(post.id),
        author_id=post.author_id,
        title=post.title,
        slug=post.slug,
        old_slugs=list(post.old_slugs),
        excerpt=post.excerpt,
        tags=list(post.tags),
        visibility=post.visibility,
        published_at=post.published_at,
        content_version=post.content_version,
        created_at=post.created_at,
        updated_at=post.updated_at,
        created_by=post.created_by,
    ).over(post.version)
    _place(item, post, CREATED, post.created_at)
    return item


def content_items(post: Post, content: Content) -> list[ContentItem]:
    """Return the items of the content that `post` has from now on."""
    return [
        ContentItem(*content_key(post.id, form), text=zlib.compress(text.encode(), 6)).over(post.content_version - 1)
        for form, text in ((ContentForm.SOURCE, content.source), (ContentForm.HTML, content.html))
    ]


def entry_items(post: Post) -> dict[tuple[str, str], PostEntryItem]:
    """Return the entries of a post in further lists, by key."""
    sorts = {CREATED: post.created_at} | ({PUBLISHED: post.published_at} if post.published_at else {})
    entries = {}
    for sort, value in sorts.items():
        for tag in post.tags if sort == CREATED else ("", *post.tags):
            entry = PostEntryItem(key("POST", post.id), key("ENTRY", f"{sort}#{tag}"))
            _place(entry, post, sort, value, tag)
            entries[entry.pk, entry.sk] = entry
    return entries


def to_post(item: PostItem) -> Post:
    """Return the post of an item."""
    return Post(
        id=value_of(item.pk),
        author_id=item.author_id,
        title=item.title,
        slug=item.slug,
        old_slugs=tuple(item.old_slugs),
        excerpt=item.excerpt,
        tags=tuple(item.tags),
        visibility=Visibility(item.visibility),
        published_at=item.published_at,
        content_version=int(item.content_version),
        version=int(item.version),
        created_at=item.created_at,
        updated_at=item.updated_at or item.created_at,
        created_by=item.created_by,
    )


def to_text(item: ContentItem) -> str:
    """Return the text of an item of content."""
    return zlib.decompress(item.text).decode()


def _place(item: PostItem | PostEntryItem, post: Post, sort: str, value: str, tag: str = "") -> None:
    """Set the index keys of an item: the lists that contain it, and its position."""
    item.gsi1pk = list_partition(LIST, sort, post.state, tag, shard=shard_of(post.id))
    item.gsi2pk = _author_partition(sort, post.state, post.author_id, tag)
    item.gsisk = list_position(value, post.id)


def _author_partition(sort: str, state: State, author_id: str, tag: str) -> str:
    return list_partition(LIST, sort, state, author_id, tag, shard=0)
