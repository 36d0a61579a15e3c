"""Transactions: retried if DynamoDB could not decide, refused with a reason if a condition was not met."""

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from lamina.errors import Conflict, Unavailable
from lamina.ids import new_id
from lamina.storage.item import Item, connect

MAX_ITEMS = 100
"""Maximum number of items per transaction (API_TransactWriteItems)."""
ATTEMPTS = 6
BACKOFF_SECONDS = 0.04
UNDECIDED = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
"""Cancellation reasons that are unrelated to conditions: a retry may succeed (API_TransactWriteItems)."""

type RawItem = Mapping[str, Mapping[str, Any]]
type Update = tuple[Item, Sequence[Action]]
type Check = tuple[Item, Condition]
type Change = tuple[Item, Sequence[Action], Condition]


class ConditionFailed(Exception):
    """The transaction wrote nothing, because stored items did not meet their conditions.

    Attributes:
        found: the refused items by key `(pk, sk)`, each with the raw stored item (empty if it does not exist).
    """

    def __init__(self, found: Mapping[tuple[str, str], RawItem]) -> None:
        self.found = found
        super().__init__(f"{len(found)} conditions did not hold")


def write(
    *,
    put: Sequence[Item] = (),
    delete: Sequence[Item] = (),
    discard: Sequence[Item] = (),
    update: Sequence[Update] = (),
    change: Sequence[Change] = (),
    check: Sequence[Check] = (),
) -> None:
    """Write up to 100 items in one transaction (TransactWriteItems).

    Args:
        put: full items; each expects the stored version that it was read with, or none if it is new.
        delete: items to delete; each expects the stored version that it was read with.
        discard: items to delete whatever their version, if they exist.
        update: items and their updates, whatever their version.
        change: items and their updates, whatever their version, and the condition that each must meet.
        check: items that are not written, and the condition that each must meet.

    Raises:
        ConditionFailed: if an item is not in the expected state.
        Conflict: if other transactions kept changing the same items.
        Unavailable: if the table kept refusing requests.
    """
    # PynamoDB sends checks, deletes, puts, updates in this order, and DynamoDB returns its reasons in the same order.
    sent = [item for item, _ in check]
    sent += [*delete, *discard, *put, *(item for item, _ in update), *(item for item, *_ in change)]
    codes: set[str] = set()
    for attempt in range(ATTEMPTS):
        try:
            _commit(put, delete, discard, update, change, check)
        except TransactWriteError as error:
            codes = {reason.code for reason in error.cancellation_reasons if reason}
            if "ConditionalCheckFailed" in codes:
                raise ConditionFailed(_refused(error, sent)) from error
            if not codes or not codes <= UNDECIDED:
                raise
        else:
            return
        time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 (jitter, not a secret)
    raise Conflict if "TransactionConflict" in codes else Unavailable


def _commit(
    put: Sequence[Item],
    delete: Sequence[Item],
    discard: Sequence[Item],
    update: Sequence[Update],
    change: Sequence[Change],
    check: Sequence[Check],
) -> None:
    # The token lets botocore repeat the request after a lost response without a second effect.
    with TransactWrite(connection=connect(), client_request_token=new_id()) as transaction:
        for item, condition in check:
            transaction.condition_check(type(item), item.pk, item.sk, condition)
        for item in delete:
            transaction.delete(item)
        for item in discard:
            transaction.delete(item, add_version_condition=False)
        for item in put:
            transaction.save(item, return_values="ALL_OLD")
        for item, actions in update:
            transaction.update(item, list(actions), add_version_condition=False)
        for item, actions, condition in change:
            transaction.update(item, list(actions), condition, "ALL_OLD", add_version_condition=False)


def _refused(error: TransactWriteError, sent: Sequence[Item]) -> dict[tuple[str, str], RawItem]:
    """Return the failed items by key."""
    return {
        (item.pk, item.sk): reason.raw_item or {}
        for item, reason in zip(sent, error.cancellation_reasons, strict=False)
        if reason and reason.code == "ConditionalCheckFailed"
    }
