"""POST /v1/webhooks/{webhook_id}/rotate-secret: rotate the signing secret of a webhook."""

from lamina.access.policy import Action
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.http.encrypted_idempotency import idempotent_secret
from lamina.ids import etag
from lamina.webhooks import service
from lamina.webhooks.authorization import reach
from lamina.webhooks.schemas import SecretWebhookView, WebhookLinks, WebhookView, links

app = App(versioned=True, errors=(Forbidden, NotFound, Conflict))


@app.authorize
def authorize(webhook_id: Id) -> None:
    """Allow the owner and callers who manage users."""
    reach(app.caller, Action.WEBHOOK_WRITE, webhook_id)


@app.post(
    "/v1/webhooks/<webhook_id>/rotate-secret",
    summary="Rotate a webhook's secret",
    middlewares=[idempotent_secret("secret")],
)
def rotate_secret(webhook_id: Id) -> Response[Envelope[SecretWebhookView, WebhookLinks]]:
    """Creates a new signing secret and return it; it is returned only once. The old secret also signs for 24 hours."""
    webhook, secret = service.rotate_secret(webhook_id, app.request_context, by=app.caller)
    shown = SecretWebhookView(**WebhookView.model_validate(webhook).model_dump(), secret=secret)
    return app.respond(shown, etag=etag(webhook.id, webhook.version), links=links(webhook))


handler = app.handler
