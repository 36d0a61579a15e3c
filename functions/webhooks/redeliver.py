"""POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver: send an event again."""

from lamina.access.policy import Action
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.webhooks import deliveries
from lamina.webhooks.authorization import reach
from lamina.webhooks.errors import WebhookDisabled
from lamina.webhooks.schemas import DeliveryLinks, DeliveryView, delivery_links

app = App(errors=(Forbidden, NotFound, WebhookDisabled), headers=("Location",))


@app.post("/v1/webhooks/<webhook_id>/deliveries/<delivery_id>/redeliver", summary="Redeliver an event", status_code=202)
def redeliver(webhook_id: Id, delivery_id: Id) -> Response[Envelope[DeliveryView, DeliveryLinks]]:
    """Sends an event to the endpoint again immediately, whether or not it has been delivered before."""
    webhook = reach(app.caller, Action.WEBHOOK_WRITE, webhook_id)
    delivery = deliveries.redeliver(webhook, delivery_id)
    return app.respond(DeliveryView.model_validate(delivery), links=delivery_links(delivery), accepted=True)


handler = app.handler
