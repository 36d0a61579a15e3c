"""GET /v1/products: list and search products."""

from lamina.http import App, ListEnvelope, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest, PageParameter
from lamina.products.listing import list_products
from lamina.products.parameters import ActiveFilter, SearchText, SortParameter
from lamina.products.queries import product_query
from lamina.products.schemas import ProductView, page_etag, view

app = App(public=True, personal=True, versioned=True)


@app.get("/v1/products", summary="List products")
def get_products(
    active: ActiveFilter = None,
    search: SearchText = None,
    sort: SortParameter = None,
    limit: LimitParameter = 20,
    cursor: CursorParameter = None,
    page: PageParameter = None,
) -> Response[ListEnvelope[ProductView]]:
    """Returns a page of products: without filters, what the caller may see, newest first.

    Everybody sees what is for sale. A search may return fewer products than `limit` although there are more.
    """
    query = product_query(app.reader, active=active, search=search, sort=sort, page=page)
    request = ListRequest("/v1/products", query.filters, audience=query.audience)
    at = request.position(limit, cursor, page)
    found = list_products(query, app.reader, limit, cursor=at.cursor, offset=at.offset)
    return app.page(list(map(view, found.items)), *request.describe(at, found), etag=page_etag(found))


handler = app.handler
