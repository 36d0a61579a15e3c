"""Signs webhook requests by the Standard Webhooks specification 1.0 (`spec/standard-webhooks.md`)."""

import base64
import hmac
import os
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32
"""Length in bytes; the specification requires 24 to 64."""


def new_secret() -> str:
    """Return a new secret: `whsec_` and 256 random bits in base64."""
    return PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def headers(message_id: str, timestamp: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """Return the headers with which a receiver verifies sender and time of a request.

    Args:
        message_id: id of the message, the same in every attempt.
        timestamp: Unix time of this attempt.
        body: the body as sent.
        secrets: each adds a signature; a receiver accepts any of them.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = (_signature(secret, signed) for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
