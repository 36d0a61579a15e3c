"""Notifications of Stripe: verified by their signature (https://docs.stripe.com/webhooks#verify-manually)."""

import hmac
import json
import time
from typing import Any, Final

from lamina.errors import Invalid

TOLERANCE_SECONDS: Final = 300
"""Maximum difference between the time of a notification and ours: older ones may be recorded and replayed."""
SCHEME: Final = "v1"


class SignatureInvalid(Invalid):
    """The signature of a notification does not match, or its time is too far from ours."""

    code = "SIGNATURE_INVALID"
    message = "The header Stripe-Signature does not match the body, or its time differs by more than 5 minutes."


def verify(body: bytes, signature: str, secret: str) -> None:
    """Verify a notification.

    Args:
        body: the body as it was received.
        signature: the header `Stripe-Signature`: `t=<Unix time>,v1=<HMAC in hexadecimal>,…`.
        secret: the signing secret of the endpoint.

    Raises:
        SignatureInvalid: if no signature matches, or the time is too far from ours.
    """
    parts = [part.partition("=")[::2] for part in signature.split(",")]
    timestamp = next((value for name, value in parts if name.strip() == "t"), "")
    if not timestamp.isascii() or not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureInvalid
    expected = hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()
    given = [value for name, value in parts if name.strip() == SCHEME]
    if not any(hmac.compare_digest(expected.encode(), each.encode()) for each in given):
        raise SignatureInvalid


def reference_of(body: bytes) -> tuple[str, str] | None:
    """Return the reference and the order's id of the payment that a verified notification is about; None for others.

    Read what has happened from the provider, because notifications arrive in any order.
    """
    try:
        about: dict[str, Any] = json.loads(body)["data"]["object"]
        kind = about["object"]
        reference = about["id"] if kind == "payment_intent" else about["payment_intent"]
        order_id = (about.get("metadata") or {}).get("order_id", "")
    except (ValueError, KeyError, TypeError):
        return None
    return (str(reference), str(order_id)) if reference else None
