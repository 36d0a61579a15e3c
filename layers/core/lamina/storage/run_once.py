"""Writes that a retried request must not repeat.

A request with an idempotency key writes a marker in the transaction of its work. If the process dies before the
response is recorded, the retry finds the marker and with it what the first attempt created.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pynamodb.attributes import UnicodeAttribute

from lamina import ids
from lamina.errors import RuleViolated
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.transactions import Change, Check, ConditionFailed

RETRIED_SECONDS = 24 * 3600
"""Lifetime of an idempotency key; afterwards the same key starts a new request."""
KEPT_SECONDS = RETRIED_SECONDS + 3600
"""Minimum lifetime of a marker: longer than the recorded response, which may need it (`one_time_secrets`)."""


class KeyReused(RuleViolated):
    """The key was used with a different body before."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used with a different body. Use a new key for a new request."


class RequestItem(Item, discriminator="request"):
    """The marker of a request: `REQUEST#<fingerprint>` / `REQUEST`."""

    body = UnicodeAttribute()
    """Digest of the body, as in the recorded response."""
    created = UnicodeAttribute()
    note = UnicodeAttribute(null=True)


class Created(NamedTuple):
    """What an earlier attempt of a request has created: its id, and further data for the retry."""

    id: str
    note: str


def write(
    request: str,
    created: str,
    put: Sequence[Item],
    *,
    note: str = "",
    change: Sequence[Change] = (),
    check: Sequence[Check] = (),
) -> Created | None:
    """Write items in one transaction, unless an earlier attempt of the same request has done so.

    Args:
        request: name of the idempotent request, as `RequestContext.request`; `""` without a key.
        created: id of what is created.
        put: see `transactions.write`.
        note: further data for a retry.
        change: see `transactions.write`.
        check: see `transactions.write`.

    Returns:
        None if the items were written, else what the earlier attempt created.

    Raises:
        KeyReused: if the earlier attempt had a different body.
        ConditionFailed, Conflict, Unavailable: see `transactions.write`.
    """
    if not request:
        transactions.write(put=put, change=change, check=check)
        return None
    expires_at = ids.epoch_in(KEPT_SECONDS)
    marker = RequestItem(
        *_request_key(request), body=_body(request), created=created, note=note or None, expires_at=expires_at
    )
    try:
        transactions.write(put=[*put, marker], change=change, check=check)
    except ConditionFailed as refused:
        found = refused.found.get(_request_key(request))
        if not found:
            raise
        left = RequestItem.from_raw_data(dict(found))
    else:
        return None
    if _is_younger(left, RETRIED_SECONDS):
        return _created(left, request)
    # DynamoDB deletes expired items late.
    transactions.write(put=[*put, marker.over(int(left.version))], change=change, check=check)
    return None


def read(request: str, within: int = RETRIED_SECONDS) -> Created | None:
    """Return what an earlier attempt of a request created in the last `within` seconds, if any: one consistent read."""
    if not request:
        return None
    try:
        left = RequestItem.get(*_request_key(request), consistent_read=True)
    except RequestItem.DoesNotExist:
        return None
    return _created(left, request) if _is_younger(left, within) else None


def _request_key(request: str) -> tuple[str, str]:
    return key("REQUEST", request.partition(":")[0]), "REQUEST"


def _body(request: str) -> str:
    return request.partition(":")[2]


def _is_younger(left: RequestItem, seconds: int) -> bool:
    return left.created_at > ids.ago(seconds)


def _created(left: RequestItem, request: str) -> Created:
    if left.body != _body(request):
        raise KeyReused
    return Created(left.created, left.note or "")
