"""Resolvers of posts."""

import asyncio
from collections.abc import Mapping
from typing import Any

from lamina.errors import Conflict, Invalid, Problem
from lamina.graphql.arguments import (
    LatestArguments,
    PostsArguments,
    SlugArgument,
    given,
    identifier,
    if_version,
    validated,
)
from lamina.graphql.context import Context
from lamina.graphql.pages import NodePage, PageArguments, read_page
from lamina.graphql.schema import Model, Resolver
from lamina.posts import reading, service
from lamina.posts.authorization import require_create
from lamina.posts.errors import PostNotFound
from lamina.posts.latest import of_author
from lamina.posts.listing import list_posts
from lamina.posts.model import Post, WholePost, WrittenPost
from lamina.posts.parameters import AuthorFilter, SearchText, TagFilter
from lamina.posts.queries import post_query
from lamina.posts.schemas import PostChange, PostInput, new_post
from lamina.posts.searching import search_posts
from lamina.storage.list_cursors import ListCursors
from lamina.users.model import User


class PostsPageArguments(PageArguments):
    """The arguments of `postsPage`."""

    author_id: AuthorFilter = None
    tag: TagFilter = None
    search: SearchText = None


async def post(context: Context, id: str | None = None, slug: str | None = None) -> WrittenPost:  # noqa: A002
    """Return a post by its id or by its slug."""
    if (id is None) is (slug is None):
        raise Invalid("Set either id or slug.", details=[Problem("id", "set either id or slug")])
    post_id = identifier(id) if id is not None else await _id_of(slug)
    found = await context.loaders.posts.load(post_id)
    if found is None:
        raise PostNotFound
    reading.require_read(context.reader, found.post)
    return found


async def _id_of(slug: str | None) -> str:
    return await asyncio.to_thread(reading.find_by_slug, SlugArgument.of({"slug": slug}).slug)


def posts(context: Context, **arguments: object) -> list[WrittenPost]:
    """Return a list of posts."""
    wanted = PostsArguments.of(arguments)
    wanted.check()
    query = post_query(
        context.reader, author_id=wanted.author_id, published=wanted.published, tag=wanted.tag, sort=None
    )
    return list_posts(query, context.reader, wanted.limit, offset=wanted.offset).items


def posts_page(context: Context, **arguments: object) -> NodePage:
    """Return a page of posts. Its cursors are those of `GET /v1/posts` with the same filters."""
    wanted = PostsPageArguments.of(arguments)
    query = post_query(
        context.reader, author_id=wanted.author_id, published=None, tag=wanted.tag, sort=None, search=wanted.search
    )
    read = search_posts if query.search else list_posts
    return read_page(
        wanted,
        ListCursors("/v1/posts", query.filters, audience=query.audience),
        lambda limit, cursor: read(query, context.reader, limit, cursor=cursor),
    )


def create_post(context: Context, input: Mapping[str, Any]) -> WholePost:  # noqa: A002
    """Create a post."""
    body = validated(PostInput, given(input))
    require_create(context.caller, body.author_id)
    return service.create(new_post(body, context.caller), context.request_context, by=context.caller)


def update_post(context: Context, id: str, input: Mapping[str, Any], version: int | None = None) -> WholePost:  # noqa: A002
    """Update a post."""
    return _change(context, id, validated(PostChange, input).model_dump(exclude_unset=True), version)


def publish_post(context: Context, id: str, version: int | None = None) -> WholePost:  # noqa: A002
    """Publish a post."""
    return _change(context, id, {"published": True}, version)


def unpublish_post(context: Context, id: str, version: int | None = None) -> WholePost:  # noqa: A002
    """Return a post to draft."""
    return _change(context, id, {"published": False}, version)


def delete_post(context: Context, id: str, version: int | None = None) -> bool:  # noqa: A002
    """Delete a post."""
    post_id, caller = identifier(id), context.caller
    service.delete(post_id, context.request_context, if_version=if_version(version), by=caller)
    return True


def _change(context: Context, post_id: str, changes: Mapping[str, Any], version: int | None) -> WholePost:
    post_id, caller = identifier(post_id), context.caller
    return service.update(post_id, changes, context.request_context, if_version=if_version(version), by=caller)


async def content(found: WrittenPost, context: Context) -> str:
    """Return the Markdown of a post."""
    if isinstance(found, WholePost):
        return found.content.source
    return _current(await context.loaders.sources.load(found.post))


async def content_html(found: WrittenPost, context: Context) -> str:
    """Return the content of a post as sanitised HTML."""
    if isinstance(found, WholePost):
        return found.content.html
    return _current(await context.loaders.html.load(found.post))


async def of_user(found: User, context: Context, **arguments: object) -> list[WrittenPost]:
    """Return the latest posts of a user that the caller may see, newest first."""
    wanted = LatestArguments.of(arguments)
    post_ids = await context.loaders.latest.load(found.id) or ()
    posts = await context.loaders.posts.load_many(list(post_ids[: wanted.limit]))
    query = of_author(found.id, context.reader)
    return [each for each in posts if each is not None and query.includes(each.post)]


def _current(text: str | None) -> str:
    if text is None:
        raise Conflict
    return text


MODELS = {"Post": Model(Post, lambda found: found.post), "PostPage": Model(NodePage)}
RESOLVERS: dict[str, Resolver] = {
    "Query.post": post,
    "Query.posts": posts,
    "Query.postsPage": posts_page,
    "Mutation.createPost": create_post,
    "Mutation.updatePost": update_post,
    "Mutation.publishPost": publish_post,
    "Mutation.unpublishPost": unpublish_post,
    "Mutation.deletePost": delete_post,
    "Post.author": lambda found, _: found.author,
    "Post.content": content,
    "Post.contentHtml": content_html,
    "User.posts": of_user,
}
