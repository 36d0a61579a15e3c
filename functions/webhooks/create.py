"""POST /v1/webhooks: create a webhook."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden
from lamina.http import App, Envelope, Response
from lamina.http.encrypted_idempotency import idempotent_secret
from lamina.ids import etag
from lamina.webhooks import service
from lamina.webhooks.errors import TooManyWebhooks
from lamina.webhooks.model import WebhookScope
from lamina.webhooks.schemas import SecretWebhookView, WebhookInput, WebhookLinks, WebhookView, links
from lamina.webhooks.service import NewWebhook

app = App(versioned=True, errors=(Forbidden, Conflict, TooManyWebhooks))


@app.authorize
def authorize(body: WebhookInput) -> None:
    """Allow everybody to subscribe to their own events, and callers who manage users to subscribe to all events."""
    require(app.caller, Action.WEBHOOK_WRITE, owner_id=app.caller.user_id)
    if body.scope == WebhookScope.ALL:
        require(app.caller, Action.WEBHOOK_RECEIVE_ALL)


@app.post("/v1/webhooks", summary="Create a webhook", status_code=201, middlewares=[idempotent_secret("secret")])
def create_webhook(body: WebhookInput) -> Response[Envelope[SecretWebhookView, WebhookLinks]]:
    """Subscribes a URL to events. The secret that signs the requests is returned only once."""
    wanted = NewWebhook(url=body.url, events=body.events, description=body.description, scope=body.scope)
    created, secret = service.create(app.caller, wanted, app.request_context)
    shown = SecretWebhookView(**WebhookView.model_validate(created).model_dump(), secret=secret)
    return app.respond(shown, etag=etag(created.id, created.version), links=links(created), created=True)


handler = app.handler
