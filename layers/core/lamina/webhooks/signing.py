"""Signatures of what is sent, by the Standard Webhooks specification 1.0 (`spec/standard-webhooks.md`)."""

import base64
import hmac
import os
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32
"""The specification asks for 24 to 64."""


def new_secret() -> str:
    """Make a secret: `whsec_` and 256 random bits in base64."""
    return PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def headers(message_id: str, timestamp: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """Give the headers by which a receiver knows who sent this, and that it was now.

    Args:
        message_id: the same in every attempt.
        timestamp: of this attempt, in Unix seconds.
        body: as it is sent.
        secrets: each signs; a receiver takes any one of the signatures.
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
