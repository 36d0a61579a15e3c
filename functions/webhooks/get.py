"""GET /v1/webhooks/{webhook_id}: get a webhook."""

from lamina.access.policy import Action
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.ids import etag
from lamina.webhooks.authorization import reach
from lamina.webhooks.schemas import WebhookLinks, WebhookView, links

app = App(versioned=True, errors=(Forbidden, NotFound))


@app.get("/v1/webhooks/<webhook_id>", summary="Get a webhook")
def get_webhook(webhook_id: Id) -> Response[Envelope[WebhookView, WebhookLinks]]:
    """Returns a webhook, without its secret."""
    webhook = reach(app.caller, Action.WEBHOOK_READ, webhook_id)
    shown = WebhookView.model_validate(webhook)
    return app.respond(shown, etag=etag(webhook.id, webhook.version), links=links(webhook))


handler = app.handler
