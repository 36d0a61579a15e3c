"""GET /v1/webhooks/{webhook_id}/deliveries: list the deliveries to a webhook and their results."""

from typing import Annotated

from lamina.access.policy import Action
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Id, ListEnvelope, Query, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest
from lamina.webhooks import deliveries
from lamina.webhooks.authorization import reach
from lamina.webhooks.model import DeliveryStatus
from lamina.webhooks.schemas import DeliveryView

app = App(errors=(Forbidden, NotFound))

StatusFilter = Annotated[DeliveryStatus | None, Query(description="Only deliveries with this status.")]


@app.get("/v1/webhooks/<webhook_id>/deliveries", summary="List deliveries")
def list_deliveries(
    webhook_id: Id, status: StatusFilter = None, limit: LimitParameter = 20, cursor: CursorParameter = None
) -> Response[ListEnvelope[DeliveryView]]:
    """Returns a page of the deliveries of the last 30 days, newest first, with the log of their requests."""
    reach(app.caller, Action.WEBHOOK_READ, webhook_id)
    filters = {"status": status.value} if status else {}
    request = ListRequest(f"/v1/webhooks/{webhook_id}/deliveries", filters, audience="")
    at = request.position(limit, cursor, None)
    page = deliveries.list_deliveries(webhook_id, status, limit, at.cursor)
    return app.page([DeliveryView.model_validate(each) for each in page.items], *request.describe(at, page))


handler = app.handler
