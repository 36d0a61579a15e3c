"""POST /v1/payments/webhook: receive a notification of the payment provider."""

from typing import Any

from pydantic import BaseModel, Field

from lamina.http import Response
from lamina.http.credential_app import CredentialApp
from lamina.orders import executions
from lamina.payments import secret
from lamina.payments.notifications import SignatureInvalid, order_of, verify

app = CredentialApp(errors=(SignatureInvalid,))


class Notification(BaseModel):
    """An event of Stripe (https://docs.stripe.com/api/events/object); other fields are ignored."""

    id: str = Field(pattern=r"^[A-Za-z0-9_]{1,64}$", examples=["evt_1NG8Du2eZvKYlo2CUI79vXWy"])
    data: dict[str, Any] = Field(examples=[{"object": {"object": "payment_intent", "id": "pi_1"}}])


@app.post("/v1/payments/webhook", summary="Receive a notification of the payment provider", status_code=204)
def receive(body: Notification) -> Response[None]:
    """Verifies the header `Stripe-Signature`, and looks at the order of the payment again.

    What has happened is read from the provider, so notifications may be late, repeated, or out of order.
    """
    incoming = app.incoming
    verify(incoming.text.encode(), incoming.headers.get("stripe-signature", ""), secret.read("webhook_secret"))
    incoming.is_counted = True  # the provider sends as many as there are payments
    order_id = order_of(body.data)
    if order_id is not None:
        executions.drive_on(order_id, incoming.correlation_id, cause=body.id)
    return app.no_content()


handler = app.handler
