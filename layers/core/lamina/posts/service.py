"""The use cases of posts that change them. Callers authorize first; domain rules are enforced here."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import Conflict, PreconditionFailed
from lamina.events.catalog import POST_CREATED, POST_DELETED, POST_PUBLISHED, POST_UNPUBLISHED, POST_UPDATED, PostFacts
from lamina.events.event_type import Fact
from lamina.events.outbox import OutboxItem, event
from lamina.events.request_context import RequestContext
from lamina.posts import caching, reading, repository
from lamina.posts.authorization import require_change, require_delete
from lamina.posts.errors import AuthorNotFound, PostNotFound, SlugTaken, TooManySlugs
from lamina.posts.items import (
    ContentItem,
    SlugItem,
    content_items,
    content_key,
    entry_items,
    post_item,
    slug_key,
)
from lamina.posts.model import Content, ContentForm, NewPost, Post, WholePost
from lamina.posts.slugs import free, from_title
from lamina.posts.text import excerpt, plain_text
from lamina.storage import run_once, transactions
from lamina.storage.item import Item
from lamina.storage.transactions import Check, ConditionFailed
from lamina.users import service as users

ATTEMPTS = 5
"""Number of attempts of a change without a precondition if the post is changed concurrently."""
SLUG_ATTEMPTS = 12
"""Number of attempts to create a post whose slug is derived from its title, if others create posts with this title."""
MAX_OLD_SLUGS = 20

type IfVersion = Callable[[int], bool]
"""Returns whether a change may be applied to this version."""


def create(new: NewPost, context: RequestContext, *, by: Caller) -> WholePost:
    """Create a post.

    Args:
        new: its properties.
        context: the request; a retry returns the post created before.
        by: the caller.

    Raises:
        AuthorNotFound: if the author does not exist or is deleted.
        SlugTaken: if another post has, or had, the requested slug.
        Unauthenticated: if the credentials of `by` are revoked, or its role changes, concurrently.
        Conflict: if others keep creating posts with the same title concurrently.
    """
    now = ids.now()
    content = rendered(new.content)
    draft = Post(
        id=ids.new_id(),
        author_id=new.author_id,
        title=new.title,
        slug=new.slug,
        excerpt=excerpt(plain_text(content.html)),
        tags=new.tags,
        visibility=new.visibility,
        published_at=now if new.published else None,
        created_at=now,
        updated_at=now,
        created_by=context.actor,
    )
    for attempt in range(SLUG_ATTEMPTS):
        post = replace(draft, slug=new.slug or _slug(new.title, attempt))
        try:
            earlier = run_once.write(context.request, post.id, _items(post, content, context), check=_checks(by, post))
        except (ConditionFailed, Conflict) as refused:
            _raise_refusal(refused, post, by, slug=new.slug)
            continue
        if earlier:
            return reading.get_known(earlier.id, by)
        caching.learn(post, content)
        return _written(replace(post, version=1), content)
    raise Conflict


def update(
    post_id: str, changes: Mapping[str, Any], context: RequestContext, *, if_version: IfVersion, by: Caller
) -> WholePost:
    """Change fields of a post; if no value changes, the version stays the same.

    Args:
        post_id: id of the post.
        changes: new values by field of `NewPost`; an empty slug keeps the present one.
        context: the request.
        if_version: returns whether the change may be applied to this version.
        by: the caller.

    Raises:
        PostNotFound: if it does not exist, or `by` may not know that it does.
        Forbidden: if `by` may not change it.
        PreconditionFailed: if `if_version` returns false, for the version read or for a concurrent one.
        AuthorNotFound, SlugTaken, Unauthenticated: see `create`.
        TooManySlugs: if it has had too many slugs.
        Conflict: if it keeps being changed concurrently.
    """
    for _ in range(ATTEMPTS):
        before = reading.get_known(post_id, by)
        require_change(by, before.post)
        _check_version(before.post, if_version)
        after, content = _edited(before, changes)
        changed = _changed(before, after, content)
        if not changed:
            return before
        require_change(by, before.post, after)
        after = replace(after, updated_at=ids.now())
        try:
            _save(before.post, after, content if "content" in changed else None, changed, context, by)
        except (ConditionFailed, Conflict) as refused:
            _raise_refusal(refused, after, by, slug=after.slug)
            continue
        after = replace(after, version=before.post.version + 1)
        caching.learn(after, content)
        return replace(before, post=after, content=content) if "author_id" not in changed else _written(after, content)
    raise Conflict


def delete(post_id: str, context: RequestContext, *, if_version: IfVersion, by: Caller) -> None:
    """Delete a post and release its slugs.

    Raises:
        PostNotFound, Forbidden, PreconditionFailed, Unauthenticated, Conflict: see `update`.
    """
    for _ in range(ATTEMPTS):
        before = reading.get_known_without_content(post_id, by).post
        require_delete(by, before)
        _check_version(before, if_version)
        deleted = _event(POST_DELETED.of(_facts(before)), before, context)
        try:
            transactions.write(
                put=[deleted], delete=[post_item(before)], discard=_parts(before), check=_checks(by, before)
            )
        except (ConditionFailed, Conflict) as refused:
            _raise_refusal(refused, before, by)
            continue
        return
    raise Conflict


def rendered(source: str) -> Content:
    """Return a content with its rendering."""
    # Imported here, because publishing and deleting need no Markdown packages.
    from lamina.posts.markdown import render

    return Content(source=source, html=render(source))


def _check_version(post: Post, if_version: IfVersion) -> None:
    if not if_version(post.version):
        raise PreconditionFailed


def _slug(title: str, attempt: int) -> str:
    """Return the slug to try: without a read at first, as most titles are unique; then one that is free.

    After more lost races, further free slugs are left to the other creators.
    """
    slug = from_title(title)
    return free(slug, repository.taken, skip=2 ** (attempt - 1) - 1) if attempt else slug


def _written(post: Post, content: Content) -> WholePost:
    """Return a post that was just written, with its author as of now."""
    author = users.get_many([post.author_id]).get(post.author_id)
    if author is None:
        raise PostNotFound
    return WholePost(post, author, content)


def _edited(before: WholePost, changes: Mapping[str, Any]) -> tuple[Post, Content]:
    """Return the post and the content after a change."""
    fields = {name: changes[name] for name in ("author_id", "title", "visibility") if name in changes}
    fields |= {"tags": tuple(changes["tags"])} if "tags" in changes else {}
    after, content = replace(before.post, **fields), before.content
    if changes.get("content", content.source) != content.source:
        content = rendered(changes["content"])
        after = replace(after, excerpt=excerpt(plain_text(content.html)), content_version=after.content_version + 1)
    if changes.get("published", after.published) != after.published:
        after = replace(after, published_at=ids.now() if changes["published"] else None)
    slug = changes.get("slug") or after.slug
    if slug != after.slug:
        old = tuple(dict.fromkeys((*after.old_slugs, after.slug)))
        after = replace(after, slug=slug, old_slugs=tuple(each for each in old if each != slug))
        if len(after.old_slugs) > MAX_OLD_SLUGS:
            raise TooManySlugs
    return after, content


def _changed(before: WholePost, after: Post, content: Content) -> list[str]:
    """Return the names of the fields that differ, as clients see them."""
    names = ("author_id", "published", "slug", "tags", "title", "visibility")
    changed = [name for name in names if getattr(before.post, name) != getattr(after, name)]
    return sorted(changed + (["content"] if content != before.content else []))


def _save(
    before: Post, after: Post, content: Content | None, changed: list[str], context: RequestContext, by: Caller
) -> None:
    """Write a changed post, conditional on the version that was read, with its entries, its content and its events."""
    old, new = entry_items(before), entry_items(after)
    is_new_slug = after.slug != before.slug and after.slug not in before.old_slugs
    has_moved = any(getattr(before, name) != getattr(after, name) for name in ("state", "author_id", "published_at"))
    transactions.write(
        put=[
            post_item(after),
            *(content_items(after, content) if content else []),
            *([SlugItem(*slug_key(after.slug), post_id=after.id)] if is_new_slug else []),
            *_events(before, after, changed, context),
        ],
        discard=[entry for key, entry in old.items() if key not in new],
        update=[entry.entry() for key, entry in new.items() if has_moved or key not in old],
        check=_checks(by, after),
    )


def _items(post: Post, content: Content, context: RequestContext) -> list[Item]:
    """Return all items of a new post."""
    created = [_event(POST_CREATED.of(_facts(post)), post, context)]
    if post.published:
        created.append(_event(POST_PUBLISHED.of(_facts(post)), post, context))
    slug = SlugItem(*slug_key(post.slug), post_id=post.id)
    return [post_item(post), *content_items(post, content), slug, *entry_items(post).values(), *created]


def _parts(post: Post) -> list[Item]:
    """Return all items of a post besides itself."""
    contents = [ContentItem(*content_key(post.id, form)) for form in ContentForm]
    slugs = [SlugItem(*slug_key(slug)) for slug in (post.slug, *post.old_slugs)]
    return [*contents, *slugs, *entry_items(post).values()]


def _events(before: Post, after: Post, changed: list[str], context: RequestContext) -> list[OutboxItem]:
    """Return the events of a change: publishing is one of its own, and the rest an update."""
    facts: list[Fact] = []
    if changed != ["published"]:
        facts.append(POST_UPDATED.of({**_facts(after), "changed": changed}))
    if before.published != after.published:
        facts.append((POST_PUBLISHED if after.published else POST_UNPUBLISHED).of(_facts(after)))
    return [_event(fact, after, context) for fact in facts]


def _checks(by: Caller, post: Post) -> list[Check]:
    """Return the checks of a transaction: the caller's credential is valid, and the author exists."""
    checks = [users.as_authenticated(by)]
    if post.author_id != by.user_id:
        checks.append(users.as_existing(post.author_id))
    return checks


def _raise_refusal(refused: Exception, post: Post, by: Caller, *, slug: str = "") -> None:
    """Raise the error of a refused transaction, unless a retry may succeed.

    Args:
        refused: the refusal.
        post: the post to be written.
        by: the caller.
        slug: the slug that the caller requested.
    """
    users.raise_if_revoked(refused, by)
    if not isinstance(refused, ConditionFailed):
        return
    author, _ = users.as_existing(post.author_id)
    if (author.pk, author.sk) in refused.found:
        raise AuthorNotFound from None
    if slug and slug_key(slug) in refused.found:
        raise SlugTaken from None


def _facts(post: Post) -> PostFacts:
    return {
        "id": post.id,
        "owner_id": post.author_id,
        "visibility": post.visibility,
        "published": post.published,
    }


def _event(fact: Fact, post: Post, context: RequestContext) -> OutboxItem:
    return event(
        fact,
        post.id,
        actor=context.actor,
        correlation_id=context.correlation_id,
        subject_version=post.version + 1,
    )
