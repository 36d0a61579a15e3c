"""Reads posts."""

from collections.abc import Collection, Iterable
from typing import TypeIs

from lamina.errors import Conflict
from lamina.posts.items import ContentItem, PostItem, SlugItem, content_key, post_key, slug_key, to_post, to_text
from lamina.posts.model import Content, ContentForm, Post
from lamina.storage.item import Item
from lamina.storage.keys import value_of
from lamina.users import service as users
from lamina.users.model import User

READS = 3
"""Number of reads of a post that is being changed: a batch is not a snapshot."""


def get(post_id: str) -> Post | None:
    """Return a post without its content; None if it does not exist: one consistent read."""
    try:
        return to_post(PostItem.get(*post_key(post_id), consistent_read=True))
    except PostItem.DoesNotExist:
        return None


def get_many(post_ids: Collection[str]) -> dict[str, Post]:
    """Return up to 100 posts by id in one consistent call; those that do not exist are omitted."""
    keys = [post_key(post_id) for post_id in post_ids]
    posts = [to_post(item) for item in PostItem.batch_get(keys, consistent_read=True)] if keys else []
    return {post.id: post for post in posts}


def get_whole(post_id: str) -> tuple[Post, Content] | None:
    """Return a post and its content; None if it does not exist: see `get_with`."""
    found = get_with(post_id, *ContentForm)
    return found and (found[0], Content(source=found[1][ContentForm.SOURCE], html=found[1][ContentForm.HTML]))


def get_with(post_id: str, *forms: ContentForm) -> tuple[Post, dict[ContentForm, str]] | None:
    """Return a post and forms of its content; None if it does not exist: one consistent call.

    Raises:
        Conflict: if the content keeps being changed between the reads of its parts.
    """
    keys = {form: content_key(post_id, form) for form in forms}
    for _ in range(READS):
        found = {item.sk: item for item in Item.batch_get([post_key(post_id), *keys.values()], consistent_read=True)}
        item = found.get(post_key(post_id)[1])
        if not isinstance(item, PostItem):
            return None
        contents = {form: found.get(sk) for form, (_, sk) in keys.items()}
        texts = {form: to_text(each) for form, each in contents.items() if _is_of(each, item)}
        if len(texts) == len(keys):
            return to_post(item), texts
    raise Conflict


def content_of(post_id: str, content_version: int) -> Content | None:
    """Return a version of the content of a post; None if it is not the present one: one consistent call."""
    keys = [content_key(post_id, form) for form in ContentForm]
    items = ContentItem.batch_get(keys, consistent_read=True)
    texts = {item.sk: to_text(item) for item in items if int(item.version) == content_version}
    if len(texts) < len(keys):
        return None
    return Content(source=texts[ContentForm.SOURCE], html=texts[ContentForm.HTML])


def get_with_author(post_id: str, author_id: str) -> tuple[Post | None, User | None]:
    """Return a post without its content, and the user who should be its author: one consistent call."""
    author, item = users.get_with(author_id, post_key(post_id))
    return (to_post(item) if isinstance(item, PostItem) else None), author


def _is_of(content: Item | None, post: PostItem) -> TypeIs[ContentItem]:
    """Return whether this is the content of this version of a post."""
    return isinstance(content, ContentItem) and int(content.version) == int(post.content_version)


def texts_of(posts: Iterable[Post], form: ContentForm, *, as_last_written: bool = False) -> dict[Post, str]:
    """Return one form of the content of up to 100 posts, in one call.

    Posts whose content was written after they were read are omitted: the new content may not be public.
    """
    keys = {post: content_key(post.id, form) for post in posts}
    wanted = list(dict.fromkeys(keys.values()))
    items = ContentItem.batch_get(wanted, consistent_read=as_last_written) if wanted else ()
    found = {(item.pk, item.sk): item for item in items}
    versions = {key: int(item.version) for key, item in found.items()}
    return {post: to_text(found[key]) for post, key in keys.items() if versions.get(key) == post.content_version}


def id_of(slug: str) -> str | None:
    """Return the id of the post that has or had this slug, None if it is free: one consistent read."""
    try:
        return str(SlugItem.get(*slug_key(slug), consistent_read=True).post_id)
    except SlugItem.DoesNotExist:
        return None


def slugs_of(post: Post) -> list[SlugItem]:
    """Return the items that reserve the slugs of a post, in one consistent call."""
    keys = [slug_key(slug) for slug in (post.slug, *post.old_slugs)]
    return [item for item in SlugItem.batch_get(keys, consistent_read=True) if item.post_id == post.id]


def taken(slugs: Collection[str]) -> set[str]:
    """Return which of up to 100 slugs are taken, in one consistent call."""
    keys = [slug_key(slug) for slug in slugs]
    return {value_of(item.pk) for item in SlugItem.batch_get(keys, consistent_read=True)}
