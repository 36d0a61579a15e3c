"""Opaque secrets: random text known only to its holder; the table stores a hash."""

import secrets
from hashlib import sha256

_BYTES = 32


def new_secret() -> str:
    """Return a new secret of 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret in hexadecimal. Random bits need no slow hash (SP 800-63B, 5.1.2)."""
    return sha256(secret.encode()).hexdigest()
