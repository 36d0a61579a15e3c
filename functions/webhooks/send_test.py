"""POST /v1/webhooks/{webhook_id}/test: send a test event."""

from lamina.access.policy import Action
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.http.idempotency import idempotent
from lamina.webhooks import deliveries, service
from lamina.webhooks.authorization import reach
from lamina.webhooks.errors import WebhookDisabled
from lamina.webhooks.schemas import DeliveryLinks, DeliveryView, delivery_links

app = App(errors=(Forbidden, NotFound, WebhookDisabled), headers=("Location",))


@app.authorize
def authorize(webhook_id: Id) -> None:
    """Allow the owner and callers who manage users."""
    reach(app.caller, Action.WEBHOOK_WRITE, webhook_id)


@app.post("/v1/webhooks/<webhook_id>/test", summary="Send a test event", status_code=202, middlewares=[idempotent])
def send_test(webhook_id: Id) -> Response[Envelope[DeliveryView, DeliveryLinks]]:
    """Sends an event of type `webhook.test` to the endpoint immediately. The list of deliveries shows the result."""
    delivery = deliveries.send_test(service.get(webhook_id), app.request_context)
    return app.respond(DeliveryView.model_validate(delivery), links=delivery_links(delivery), accepted=True)


handler = app.handler
