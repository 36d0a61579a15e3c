"""Notifications of Stripe: verified by their signature (https://docs.stripe.com/webhooks#verify-manually)."""

import hmac
import time
from collections.abc import Mapping
from typing import Any, Final

from lamina import ids
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


def order_of(data: Mapping[str, Any]) -> str | None:
    """Return the id of the order that a verified notification is about; None for payments of others.

    Args:
        data: `data` of the event, with a payment intent, or a charge that has its metadata.
    """
    about = data.get("object")
    metadata = about.get("metadata") if isinstance(about, dict) else None
    order_id = metadata.get("order_id") if isinstance(metadata, dict) else None
    try:
        return ids.canonical(str(order_id))
    except ValueError:
        return None
