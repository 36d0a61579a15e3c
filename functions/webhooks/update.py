"""PATCH /v1/webhooks/{webhook_id}: change some fields of a webhook."""

from lamina.access.policy import Action
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import MERGE_PATCH, App, Envelope, Id, Response
from lamina.ids import etag
from lamina.webhooks import service
from lamina.webhooks.authorization import reach
from lamina.webhooks.schemas import WebhookChange, WebhookLinks, WebhookView, links

app = App(versioned=True, media_types=MERGE_PATCH, errors=(Forbidden, NotFound, Conflict))


@app.patch("/v1/webhooks/<webhook_id>", summary="Change a webhook")
def update_webhook(webhook_id: Id, body: WebhookChange) -> Response[Envelope[WebhookView, WebhookLinks]]:
    """Change the fields that are sent; the others stay. While a webhook is disabled, what happens is not told to it."""
    reach(app.caller, Action.WEBHOOK_WRITE, webhook_id)
    changes = body.model_dump(exclude_unset=True)
    webhook = service.update(
        webhook_id, changes, app.request_context, if_version=app.if_version(webhook_id), by=app.caller
    )
    shown = WebhookView.model_validate(webhook)
    return app.respond(shown, etag=etag(webhook.id, webhook.version), links=links(webhook))


handler = app.handler
