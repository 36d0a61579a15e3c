"""Secrets that are told once, when they are made: a retry of the request, and no other, is told the same again."""

from collections.abc import Sequence
from typing import NamedTuple

from lamina.storage import run_once
from lamina.storage.encryption import seal, unseal
from lamina.storage.item import Item
from lamina.storage.transactions import Check


class CreatedSecret(NamedTuple):
    """What a request has made, and its secret."""

    id: str
    secret: str


def write(
    request: str, created: str, secret: str, put: Sequence[Item], *, check: Sequence[Check] = ()
) -> CreatedSecret:
    """Write what has a secret, as `run_once.write`; with an idempotency key, KMS encrypts the secret before.

    Returns:
        What the request has made, now or in an earlier attempt.
    """
    sealed = seal(secret, _context(request)) if request else ""
    earlier = run_once.write(request, created, put, note=sealed, check=check)
    return CreatedSecret(created, secret) if earlier is None else _told(request, earlier)


def read(request: str) -> CreatedSecret | None:
    """Tell what an earlier attempt of a request has made, if it has: one consistent read, and one call of KMS."""
    earlier = run_once.read(request)
    return None if earlier is None else _told(request, earlier)


def secret_of(request: str) -> str:
    """Tell the secret of what a request has made, for the record of its answer: one read, and one call of KMS.

    Raises:
        LookupError: when the request has made nothing.
    """
    earlier = run_once.read(request, within=run_once.KEPT_SECONDS)
    if earlier is None:
        raise LookupError("what was told once is gone before the record of its answer")
    return _told(request, earlier).secret


def _told(request: str, earlier: run_once.Made) -> CreatedSecret:
    return CreatedSecret(earlier.id, unseal(earlier.note, _context(request)))


def _context(request: str) -> dict[str, str]:
    # Without the digest of the body: CloudTrail logs what an encryption context says.
    return {"answer_to": request.partition(":")[0]}
