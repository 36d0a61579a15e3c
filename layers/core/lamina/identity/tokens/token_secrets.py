"""Opaque secrets: random text that only its holder knows; the table keeps a hash."""

import secrets
from hashlib import sha256

_BYTES = 32


def new_secret() -> str:
    """Make a secret of 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """Give what is kept of a secret: its SHA-256 in hexadecimal. Random bits need no slow one (SP 800-63B, 5.1.2)."""
    return sha256(secret.encode()).hexdigest()
