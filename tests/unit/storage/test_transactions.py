"""Transactions: all or nothing, patient while DynamoDB cannot decide, plain about what stood in the way."""

import pytest
from pynamodb.exceptions import CancellationReason, TransactWriteError, VerboseClientError

from lamina.errors import Conflict
from lamina.known_errors import as_lamina_error
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ATTEMPTS, ConditionFailed, write
from lamina.users.items import GuardItem, SearchItem


def guard(value: str, user_id: str = "somebody") -> GuardItem:
    return GuardItem(f"EMAIL#{value}", "GUARD", user_id=user_id)


def cancelled(*codes: str) -> TransactWriteError:
    """The failure of a transaction as PynamoDB raises it, with a reason for each of its items."""
    reasons = [CancellationReason(code=code) if code != "None" else None for code in codes]
    error = {"Error": {"Code": "TransactionCanceledException", "Message": ""}}
    return TransactWriteError("no", VerboseClientError(error, "TransactWriteItems", cancellation_reasons=reasons))


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> list[TransactWriteError | None]:
    """What the next commits come to, first to last, at no waiting between them; None is a success."""
    planned: list[TransactWriteError | None] = []

    def commit(*_: object) -> None:
        outcome = planned.pop(0)
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(transactions, "_commit", commit)
    monkeypatch.setattr(transactions, "BACKOFF_SECONDS", 0)
    return planned


def test_what_dynamodb_could_not_decide_is_tried_again(outcomes: list[TransactWriteError | None]) -> None:
    outcomes += [cancelled("None", "TransactionConflict"), cancelled("ThrottlingError"), None]
    write(put=[guard("a"), guard("b")])
    assert outcomes == []


def test_patience_ends(outcomes: list[TransactWriteError | None]) -> None:
    outcomes += [cancelled("TransactionConflict")] * ATTEMPTS
    with pytest.raises(Conflict) as refused:
        write(put=[guard("a")])
    assert refused.value.code == "CONFLICT"
    assert outcomes == []


def test_a_condition_that_does_not_hold_decides_at_once(outcomes: list[TransactWriteError | None]) -> None:
    outcomes += [cancelled("TransactionConflict", "None", "ConditionalCheckFailed")]
    with pytest.raises(ConditionFailed) as refused:
        write(delete=[guard("a").over(1)], discard=[guard("b")], put=[guard("c")])
    assert list(refused.value.found) == [("EMAIL#c", "GUARD")]


@pytest.mark.parametrize("codes", [("ValidationError",), ("None", "ItemCollectionSizeLimitExceeded"), ()])
def test_any_other_failure_is_a_bug_and_travels_up(
    outcomes: list[TransactWriteError | None], codes: tuple[str, ...]
) -> None:
    outcomes += [cancelled(*codes)]
    with pytest.raises(TransactWriteError) as failure:
        write(put=[guard("a")])
    assert as_lamina_error(failure.value) is None


@pytest.fixture
def stored(aws: None) -> GuardItem:  # noqa: ARG001 (a fixture that must be there)
    """A guard in the table."""
    taken = guard("taken", "its owner")
    write(put=[taken])
    return taken


def contents() -> set[str]:
    return {item.pk for item in Item.scan()}


@pytest.mark.usefixtures("stored")
def test_one_refused_item_keeps_all_others_out() -> None:
    with pytest.raises(ConditionFailed) as refused:
        write(put=[guard("free"), guard("taken")], discard=[SearchItem("SEARCH", "x")])
    assert contents() == {"EMAIL#taken"}
    assert refused.value.found["EMAIL#taken", "GUARD"]["user_id"] == {"S": "its owner"}


def test_a_save_and_a_delete_expect_the_version_that_was_read(stored: GuardItem) -> None:
    stale = GuardItem.get("EMAIL#taken", "GUARD")
    write(put=[stored])
    with pytest.raises(ConditionFailed):
        write(put=[stale])
    with pytest.raises(ConditionFailed):
        write(delete=[GuardItem("EMAIL#taken", "GUARD").over(1)])
    write(delete=[stored])
    assert contents() == set()


def test_a_discard_expects_nothing(stored: GuardItem) -> None:
    write(put=[stored])
    write(discard=[GuardItem("EMAIL#taken", "GUARD"), guard("never there")])
    assert contents() == set()


@pytest.mark.usefixtures("stored")
def test_an_update_makes_the_item_or_changes_it_whatever_its_version() -> None:
    for value in ("one", "two"):
        write(update=[(guard(name), [GuardItem.user_id.set(value)]) for name in ("taken", "new")])
    assert [GuardItem.get(f"EMAIL#{name}", "GUARD").user_id for name in ("taken", "new")] == ["two", "two"]
