"""PATCH /v1/webhooks/{webhook_id}: update a webhook."""

from lamina.access.policy import Action
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import MERGE_PATCH, App, Envelope, Id, Response
from lamina.ids import etag
from lamina.webhooks import service
from lamina.webhooks.authorization import reach
from lamina.webhooks.schemas import WebhookChange, WebhookLinks, WebhookView, links

app = App(versioned=True, media_types=MERGE_PATCH, errors=(Forbidden, NotFound, Conflict))


@app.patch("/v1/webhooks/<webhook_id>", summary="Update a webhook")
def update_webhook(webhook_id: Id, body: WebhookChange) -> Response[Envelope[WebhookView, WebhookLinks]]:
    """Updates the fields that are sent. Events that occur while a webhook is disabled are not delivered to it."""
    reach(app.caller, Action.WEBHOOK_WRITE, webhook_id)
    changes = body.model_dump(exclude_unset=True)
    webhook = service.update(
        webhook_id, changes, app.request_context, if_version=app.if_version(webhook_id), by=app.caller
    )
    shown = WebhookView.model_validate(webhook)
    return app.respond(shown, etag=etag(webhook.id, webhook.version), links=links(webhook))


handler = app.handler
