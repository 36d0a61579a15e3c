"""GET /v1/posts: list, filter and search posts."""

from lamina.http import App, ListEnvelope, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest, PageParameter
from lamina.posts.listing import list_posts
from lamina.posts.parameters import AuthorFilter, PublishedFilter, SearchText, SortParameter, TagFilter
from lamina.posts.queries import post_query
from lamina.posts.schemas import PostHit, PostSummary, hit, page_etag, summary

app = App(public=True, personal=True, versioned=True)


@app.get("/v1/posts", summary="List posts")
def get_posts(
    author_id: AuthorFilter = None,
    published: PublishedFilter = None,
    tag: TagFilter = None,
    search: SearchText = None,
    sort: SortParameter = None,
    limit: LimitParameter = 20,
    cursor: CursorParameter = None,
    page: PageParameter = None,
) -> Response[ListEnvelope[PostHit | PostSummary]]:
    """Returns a page of posts: without filters, what is published and public, newest first.

    Drafts and private posts are listed to their author and to admins only. A search finds what is published and public;
    its pages may have fewer posts than `limit` although there are more.
    """
    query = post_query(
        app.reader, author_id=author_id, published=published, tag=tag, sort=sort, search=search, page=page
    )
    request = ListRequest("/v1/posts", query.filters, audience=query.audience)
    at = request.position(limit, cursor, page)
    shared = app.reader is None
    if query.search:
        # Imported here, because lists without a search need no stemmer.
        from lamina.posts.searching import search_posts

        hits = search_posts(query, app.reader, limit, cursor=at.cursor)
        return app.page(list(map(hit, hits.items)), *request.describe(at, hits), etag=page_etag(hits), shared=shared)
    found = list_posts(query, app.reader, limit, cursor=at.cursor, offset=at.offset)
    posts = list(map(summary, found.items))
    return app.page(posts, *request.describe(at, found), etag=page_etag(found), shared=shared)


handler = app.handler
