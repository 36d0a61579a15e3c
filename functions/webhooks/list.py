"""GET /v1/webhooks: list the caller's webhooks; callers who manage users can list those of any user."""

from typing import Annotated

from lamina.access.policy import Action, require
from lamina.errors import Forbidden
from lamina.http import App, Id, ListEnvelope, Query, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest
from lamina.webhooks import service
from lamina.webhooks.schemas import WebhookView

app = App(errors=(Forbidden,))

OwnerFilter = Annotated[
    Id | None, Query(description="The owner; defaults to the caller. Other users' webhooks require an admin.")
]


@app.get("/v1/webhooks", summary="List webhooks")
def list_webhooks(
    owner_id: OwnerFilter = None, limit: LimitParameter = 20, cursor: CursorParameter = None
) -> Response[ListEnvelope[WebhookView]]:
    """Returns a page of a user's webhooks, newest first, without their secrets."""
    owner = owner_id or app.caller.user_id
    require(app.caller, Action.WEBHOOK_READ, owner_id=owner)
    request = ListRequest("/v1/webhooks", {"owner_id": owner_id} if owner_id else {}, audience=owner)
    at = request.position(limit, cursor, None)
    page = service.list_webhooks(owner, limit, at.cursor)
    return app.page([WebhookView.model_validate(each) for each in page.items], *request.describe(at, page))


handler = app.handler
