"""DELETE /v1/webhooks/{webhook_id}: delete a webhook."""

from lamina.access.policy import Action
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import App, Id, Response
from lamina.webhooks import service
from lamina.webhooks.authorization import reach

app = App(versioned=True, errors=(Forbidden, NotFound, Conflict))


@app.delete("/v1/webhooks/<webhook_id>", summary="Delete a webhook", status_code=204)
def delete_webhook(webhook_id: Id) -> Response[None]:
    """Deletes a webhook. Pending deliveries are discarded."""
    reach(app.caller, Action.WEBHOOK_DELETE, webhook_id)
    service.delete(webhook_id, app.request_context, if_version=app.if_version(webhook_id), by=app.caller)
    return app.no_content()


handler = app.handler
