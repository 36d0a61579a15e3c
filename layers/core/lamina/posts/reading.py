"""Reads posts for a caller: what it may not see is not found."""

from collections.abc import Collection
from contextlib import suppress

from lamina.access.policy import Action, Caller, may, refusal
from lamina.posts import caching, repository
from lamina.posts.errors import PostNotFound
from lamina.posts.model import ContentForm, Post, State, WholePost, WrittenPost
from lamina.users import service as users


def may_read(caller: Caller | None, post: Post) -> bool:
    """Return whether a caller, or somebody who is not signed in, may read a post of an author who is not deleted."""
    if post.state == State.PUBLIC:
        return True
    return caller is not None and may(caller, Action.POST_READ_UNPUBLISHED, owner_id=post.author_id)


def may_know(caller: Caller | None, post: Post) -> bool:
    """Return whether a caller may know that a post exists: if it may read it, or if it is its own."""
    return may_read(caller, post) or (caller is not None and caller.user_id == post.author_id)


def require_read(caller: Caller | None, post: Post) -> None:
    """Refuse a caller who may know that a post exists, and whose credential does not allow reading it.

    Raises:
        Forbidden: if it does not.
    """
    if caller is not None and not may_read(caller, post):
        raise refusal(caller, Action.POST_READ_UNPUBLISHED, owner_id=post.author_id)


def get_whole(post_id: str, caller: Caller | None) -> WholePost:
    """Return a post with its author and its content, as `get_known`.

    Raises:
        PostNotFound: if it does not exist, its author is deleted, or the caller may not know that it does.
        Forbidden: if it is the caller's own, and the credential does not allow reading it.
    """
    found = get_known(post_id, caller)
    require_read(caller, found.post)
    return found


def get_known(post_id: str, caller: Caller | None) -> WholePost:
    """Return a post that the caller may read, or that is its own, for what does not require reading it.

    One call reads a public post whose content is cached (`lamina.posts.caching`); two calls read any other one.

    Raises:
        PostNotFound: if it does not exist, its author is deleted, or the caller may not know that it does.
        Conflict: if its content keeps being changed concurrently.
    """
    author_id = caching.author_ids.get(post_id)
    if author_id is not None:
        post, author = repository.get_with_author(post_id, author_id)
        if post is not None and post.state == State.PUBLIC and author is not None and author.id == post.author_id:
            if author.deleted_at:
                raise PostNotFound
            with suppress(caching.ContentChanged):
                return WholePost(post, author, caching.content_of(post.id, post.content_version))
        caching.author_ids.forget(post_id)
    return _get_uncached(post_id, caller)


def _get_uncached(post_id: str, caller: Caller | None) -> WholePost:
    """Return a post as the table has it: two calls."""
    found = repository.get_whole(post_id)
    if found is None:
        raise PostNotFound
    post, content = found
    known = _known(post, caller)
    caching.learn(post, content)
    return WholePost(post, known.author, content)


def get_known_without_content(post_id: str, caller: Caller | None) -> WrittenPost:
    """Return a post as `get_known`, without its content: two reads.

    Raises:
        PostNotFound: see `get_known`.
    """
    post = repository.get(post_id)
    if post is None:
        raise PostNotFound
    return _known(post, caller)


def _known(post: Post, caller: Caller | None) -> WrittenPost:
    """Return a post with its author, if a caller may know that it exists."""
    author = users.get_many([post.author_id]).get(post.author_id) if may_know(caller, post) else None
    if author is None or author.deleted_at:
        raise PostNotFound
    return WrittenPost(post, author)


def get_by_slug(slug: str, caller: Caller | None) -> WholePost:
    """Return the post that has, or had, this slug: a call more than by its id, unless its id is cached.

    Raises:
        PostNotFound, Forbidden: see `get_whole`.
    """
    if (cached_id := caching.post_ids.get(slug)) is not None:
        with suppress(PostNotFound):
            found = get_whole(cached_id, caller)
            if slug in (found.post.slug, *found.post.old_slugs):
                return found
        caching.post_ids.forget(slug)
    found = get_whole(find_by_slug(slug), caller)
    if found.post.state == State.PUBLIC:
        caching.post_ids.put(found.post.id, slug)
    return found


def find_by_slug(slug: str) -> str:
    """Return the id of the post that has, or had, this slug; whether the caller may read it is not checked.

    Raises:
        PostNotFound: if there is none.
    """
    post_id = repository.id_of(slug)
    if post_id is None:
        raise PostNotFound
    return post_id


def get_texts(posts: Collection[Post], form: ContentForm) -> dict[Post, str]:
    """Return one form of the content of up to 100 posts that were read for a caller: one call.

    Posts whose content has changed since are omitted, because the caller may not be allowed to read it any more.
    """
    return repository.texts_of(posts, form, as_last_written=True)


def get_written(post_id: str) -> WrittenPost | None:
    """Return a post with its author, whoever may read it: two calls. Check `may_read` before it is shown to anybody."""
    post = repository.get_many([post_id]).get(post_id)
    author = users.get_many([post.author_id]).get(post.author_id) if post else None
    return WrittenPost(post, author) if post and author else None


def get_readable(post_ids: list[str], caller: Caller | None) -> dict[str, WrittenPost]:
    """Return those of up to 100 posts that a caller may read, with their authors: two calls."""
    found = get_many_known(post_ids, caller)
    return {post_id: each for post_id, each in found.items() if may_read(caller, each.post)}


def get_many_known(post_ids: list[str], caller: Caller | None) -> dict[str, WrittenPost]:
    """Return those of up to 100 posts that a caller may know of, with their authors: two calls."""
    posts = [post for post in repository.get_many(post_ids).values() if may_know(caller, post)]
    authors = users.get_many({post.author_id for post in posts})
    living = {author.id: author for author in authors.values() if not author.deleted_at}
    return {post.id: WrittenPost(post, living[post.author_id]) for post in posts if post.author_id in living}
