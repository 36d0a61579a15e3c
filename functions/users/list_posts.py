"""GET /v1/users/{user_id}/posts: list the posts of a user."""

from lamina.errors import NotFound
from lamina.http import App, Id, ListEnvelope, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest, PageParameter
from lamina.posts.listing import list_posts
from lamina.posts.parameters import PublishedFilter, SortParameter, TagFilter
from lamina.posts.queries import post_query
from lamina.posts.schemas import PostSummary, page_etag, summary
from lamina.users import service as users

app = App(public=True, personal=True, versioned=True, errors=(NotFound,))


@app.get("/v1/users/<user_id>/posts", summary="List the posts of a user")
def get_posts_of_user(
    user_id: Id,
    published: PublishedFilter = None,
    tag: TagFilter = None,
    sort: SortParameter = None,
    limit: LimitParameter = 20,
    cursor: CursorParameter = None,
    page: PageParameter = None,
) -> Response[ListEnvelope[PostSummary]]:
    """Returns a page of a user's posts, newest first: all of them to the user and to admins, else the public ones."""
    users.get(user_id)
    query = post_query(app.reader, author_id=user_id, published=published, tag=tag, sort=sort)
    filters = {name: value for name, value in query.filters.items() if name != "author_id"}
    request = ListRequest(f"/v1/users/{user_id}/posts", filters, audience=query.audience)
    at = request.position(limit, cursor, page)
    found = list_posts(query, app.reader, limit, cursor=at.cursor, offset=at.offset)
    posts = [summary(each) for each in found.items]
    return app.page(posts, *request.describe(at, found), etag=page_etag(found), shared=app.reader is None)


handler = app.handler
