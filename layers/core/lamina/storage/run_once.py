"""Writes that a retried request must not do twice.

A request with an idempotency key leaves a marker in the very transaction of what it makes. If the process dies before
its answer is recorded, the retry meets the marker and finds what the first attempt made. Without a key there is none.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pynamodb.attributes import UnicodeAttribute

from lamina import ids
from lamina.errors import RuleViolated
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.transactions import Check, ConditionFailed

RETRIED_SECONDS = 24 * 3600
"""How long a request can be retried: an idempotency key lives as long. Later, the same key is a new request."""
KEPT_SECONDS = RETRIED_SECONDS + 3600
"""How long a marker stays at least: longer than the record of the answer, which may need it (`told_once`)."""


class KeyReused(RuleViolated):
    """The key came with another body before."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used with another body. Use a new key for a new request."


class RequestItem(Item, discriminator="request"):
    """What a request has made: `REQUEST#<fingerprint>` / `REQUEST`."""

    body = UnicodeAttribute()
    """Tells one body from another, as the record of the answer does."""
    created = UnicodeAttribute()
    note = UnicodeAttribute(null=True)


class Made(NamedTuple):
    """What an earlier attempt of a request has made: its id, and what else the retry has to know."""

    id: str
    note: str


def write(
    request: str, created: str, put: Sequence[Item], *, note: str = "", check: Sequence[Check] = ()
) -> Made | None:
    """Write items, all or nothing, unless an earlier attempt of the same request has.

    Args:
        request: names the idempotent request, as `RequestContext.request`; `""` without a key.
        made: id of what is made.
        put: as `transactions.write`.
        note: what a retry has to know besides.
        check: as `transactions.write`.

    Returns:
        None when it was written; else nothing was, and this is what the earlier attempt made.

    Raises:
        KeyReused: when the earlier attempt came with another body.
        ConditionFailed, Conflict, Unavailable: as `transactions.write`.
    """
    if not request:
        transactions.write(put=put, check=check)
        return None
    expires_at = ids.epoch_in(KEPT_SECONDS)
    marker = RequestItem(
        *_request_key(request), body=_body(request), created=created, note=note or None, expires_at=expires_at
    )
    try:
        transactions.write(put=[*put, marker], check=check)
    except ConditionFailed as refused:
        found = refused.found.get(_request_key(request))
        if not found:
            raise
        left = RequestItem.from_raw_data(dict(found))
    else:
        return None
    if _is_younger(left, RETRIED_SECONDS):
        return _made(left, request)
    # The table takes its time to remove what is over.
    transactions.write(put=[*put, marker.over(int(left.version))], check=check)
    return None


def read(request: str, within: int = RETRIED_SECONDS) -> Made | None:
    """Tell what an earlier attempt of a request has made, if it has within so many seconds: one consistent read."""
    if not request:
        return None
    try:
        left = RequestItem.get(*_request_key(request), consistent_read=True)
    except RequestItem.DoesNotExist:
        return None
    return _made(left, request) if _is_younger(left, within) else None


def _request_key(request: str) -> tuple[str, str]:
    return key("REQUEST", request.partition(":")[0]), "REQUEST"


def _body(request: str) -> str:
    return request.partition(":")[2]


def _is_younger(left: RequestItem, seconds: int) -> bool:
    return left.created_at > ids.ago(seconds)


def _made(left: RequestItem, request: str) -> Made:
    if left.body != _body(request):
        raise KeyReused
    return Made(left.created, left.note or "")
