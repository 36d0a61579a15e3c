"""Secrets that are returned only once, when they are created: only a retry of the same request gets them again."""

from collections.abc import Sequence
from typing import NamedTuple

from lamina.storage import run_once
from lamina.storage.encryption import decrypt, encrypt
from lamina.storage.item import Item
from lamina.storage.transactions import Check


class CreatedSecret(NamedTuple):
    """What a request has created, and its secret."""

    id: str
    secret: str


def write(
    request: str, created: str, secret: str, put: Sequence[Item], *, check: Sequence[Check] = ()
) -> CreatedSecret:
    """Write items with a secret, like `run_once.write`; with an idempotency key, KMS encrypts the secret first.

    Returns:
        What the request has created, now or in an earlier attempt.
    """
    encrypted = encrypt(secret, _context(request)) if request else ""
    earlier = run_once.write(request, created, put, note=encrypted, check=check)
    return CreatedSecret(created, secret) if earlier is None else _created_secret(request, earlier)


def read(request: str) -> CreatedSecret | None:
    """Return what an earlier attempt of a request has created, if any: one consistent read, and one call of KMS."""
    earlier = run_once.read(request)
    return None if earlier is None else _created_secret(request, earlier)


def secret_of(request: str) -> str:
    """Return the secret that a request has created, for its recorded response: one read, and one call of KMS.

    Raises:
        LookupError: if the request has created nothing.
    """
    earlier = run_once.read(request, within=run_once.KEPT_SECONDS)
    if earlier is None:
        raise LookupError("the secret expired before the recorded response")
    return _created_secret(request, earlier).secret


def _created_secret(request: str, earlier: run_once.Created) -> CreatedSecret:
    return CreatedSecret(earlier.id, decrypt(earlier.note, _context(request)))


def _context(request: str) -> dict[str, str]:
    # Without the digest of the body: CloudTrail logs encryption contexts.
    return {"answer_to": request.partition(":")[0]}
