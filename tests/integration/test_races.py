"""What holds when many want the same thing at the same time, on every engine."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from lamina.errors import Conflict, LaminaError, NotFound, PreconditionFailed
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import registration
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed
from lamina.users import counting, repository, service
from lamina.users.errors import EmailTaken
from lamina.users.items import GuardItem, SearchItem, UserItem, guard_key, search_items, to_user
from lamina.users.model import User
from lamina.users.service import NewUser
from tests.integration.crowd import CROWD, at_once

pytestmark = pytest.mark.usefixtures("table")

CONTEXT = RequestContext(None, "test")


def make(name: str, **fields: Any) -> User:
    """Store a user whose address is proven, so that a deletion keeps it."""
    own = {"email": f"{name}@example.com", "username": name, "name": name.title(), "email_verified": True}
    new = NewUser(**{**own, **fields})
    return service.create(new, CONTEXT)


def change(user: User, **changes: Any) -> User:
    return service.update(user.id, changes, CONTEXT, if_version=lambda _: True)


def outcomes(results: list[Any]) -> Counter[str]:
    """Count what the threads came to: the code of each refusal; whatever is no refusal at all is raised."""
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, LaminaError):
            raise result
    return Counter(result.code if isinstance(result, LaminaError) else "done" for result in results)


def stored_users() -> list[User]:
    return [to_user(item) for item in UserItem.scan(consistent_read=True)]


def assert_in_order() -> None:
    """Every guard, search entry and credential belongs to a user as it is stored, and none is missing."""
    users = stored_users()
    guards = {(guard.pk, guard.sk): guard.user_id for guard in GuardItem.scan(consistent_read=True)}
    taken = {guard_key(field, getattr(user, field)): user.id for user in users for field in ("email", "username")}
    assert guards == taken
    entries = {(entry.pk, entry.sk) for entry in SearchItem.scan(consistent_read=True)}
    assert entries == {key for user in users for key in search_items(user)}
    orphans = {item.pk for item in Item.scan(consistent_read=True) if item.pk.startswith("USER#")}
    assert orphans <= {f"USER#{user.id}" for user in users}


def events(user: User) -> list[str]:
    return [event.event_type for event in OutboxItem.query(f"USER#{user.id}", OutboxItem.sk.startswith("EVENT#"))]


def test_of_many_who_register_one_address_one_succeeds_and_the_others_leave_nothing() -> None:
    def register(number: int) -> User:
        new = NewUser(email="one@example.com", username=f"user.{number}", name=f"Number {number}")
        return registration.register(new, SecretStr("Correct-horse-1"), CONTEXT)

    assert outcomes(at_once(register)) == {"done": 1, "EMAIL_TAKEN": CROWD - 1}
    (winner,) = stored_users()
    assert events(winner) == ["user.created"]
    assert_in_order()


def test_of_many_who_want_one_username_in_different_case_one_succeeds() -> None:
    results = at_once(lambda number: make("popular", email=f"u{number}@example.com"))
    assert outcomes(results) == {"done": 1, "USERNAME_TAKEN": CROWD - 1}
    assert_in_order()


def test_of_many_who_change_the_same_version_one_wins() -> None:
    user = make("ann")

    def patch(number: int) -> User:
        return service.update(user.id, {"name": f"Name {number}"}, CONTEXT, if_version=lambda stored: stored == 1)

    results = at_once(patch)
    assert outcomes(results) == {"done": 1, "PRECONDITION_FAILED": CROWD - 1}
    (winner,) = [result for result in results if isinstance(result, User)]
    assert service.get(user.id) == winner
    assert winner.version == 2
    assert events(user) == ["user.created", "user.updated"]
    assert_in_order()


def test_changes_without_a_precondition_are_refused_or_all_there() -> None:
    user = make("ann")
    results = at_once(lambda number: change(user, metadata={"by": number}), crowd=8)
    done = outcomes(results)["done"]
    assert done >= 1
    assert set(outcomes(results)) <= {"done", "CONFLICT"}
    assert service.get(user.id).version == 1 + done
    assert events(user).count("user.updated") == done


def test_deleting_at_once_deletes_once() -> None:
    user = make("ann")
    results = at_once(lambda _: service.delete(user.id, CONTEXT, if_version=lambda _: True), crowd=16)
    assert outcomes(results) == {"done": 1, "NOT_FOUND": 15}
    assert events(user) == ["user.created", "user.deleted"]
    assert_in_order()


def test_restoring_at_once_restores_once_and_all_see_it() -> None:
    user = make("ann")
    service.delete(user.id, CONTEXT, if_version=lambda _: True)
    results = at_once(lambda _: service.restore(user.id, CONTEXT), crowd=16)
    assert outcomes(results) == {"done": 16}
    assert events(user) == ["user.created", "user.deleted", "user.restored"]
    assert_in_order()


def test_deleting_restoring_and_changing_at_once_leaves_one_whole_user() -> None:
    user = make("ann")

    def act(number: int) -> object:
        acts = (
            lambda: service.delete(user.id, CONTEXT, if_version=lambda _: True),
            lambda: service.restore(user.id, CONTEXT),
            lambda: change(user, name=f"Name {number}", email=f"ann.{number}@example.com", email_verified=True),
        )
        return acts[number % 3]()

    results = at_once(act, crowd=12)
    assert set(outcomes(results)) <= {"done", "NOT_FOUND", "CONFLICT"}
    (after,) = stored_users()
    assert len(events(user)) == after.version
    assert_in_order()


def test_two_who_swap_their_addresses_never_share_one() -> None:
    ann, bob = make("ann"), make("bob")
    for _ in range(3):
        results = at_once(
            lambda number: change((ann, bob)[number % 2], email=("bob", "ann", "free")[number % 3] + "@example.com"), 12
        )
        assert set(outcomes(results)) <= {"done", "EMAIL_TAKEN", "CONFLICT"}
        assert_in_order()
    change(ann, email="elsewhere@example.com")
    change(bob, email="ann@example.com")
    change(ann, email="bob@example.com")
    assert (service.get(ann.id).email, service.get(bob.id).email) == ("bob@example.com", "ann@example.com")
    assert_in_order()


def test_a_transaction_with_one_failing_condition_writes_nothing() -> None:
    ann, bob = make("ann"), make("bob")
    before = {(item.pk, item.sk): int(item.version) for item in Item.scan(consistent_read=True)}
    with pytest.raises(EmailTaken):
        change(
            ann, email="bob@example.com", username="ann.other", name="Quite Another", role="admin", email_verified=True
        )
    with pytest.raises(ConditionFailed) as refused:
        transactions.write(
            put=[GuardItem("EMAIL#free", "GUARD", user_id=ann.id)],
            delete=[GuardItem(*guard_key("email", bob.email)).over(9)],
            update=[(UserItem(f"USER#{ann.id}", "USER"), [UserItem.name.set("Torn")])],
        )
    assert list(refused.value.found) == [guard_key("email", bob.email)]
    assert {(item.pk, item.sk): int(item.version) for item in Item.scan(consistent_read=True)} == before
    assert service.get(ann.id) == ann


def test_a_stale_copy_is_refused_by_name_and_a_missing_user_is_not_made() -> None:
    ann = make("ann")
    change(ann, age=20)
    with pytest.raises(Conflict) as refused:
        repository.update(ann, replace(ann, name="Stale"), [])
    assert refused.value.code == "CONFLICT"
    with pytest.raises(NotFound):
        service.update("0190c6c0-0000-7000-8000-00000000ffff", {"age": 1}, CONTEXT, if_version=lambda _: True)
    with pytest.raises(PreconditionFailed):
        service.update(ann.id, {"age": 1}, CONTEXT, if_version=lambda version: version == 1)


def test_many_who_count_the_same_users_count_them_once() -> None:
    users = [make(f"user{number}") for number in range(5)]
    memberships = [counting.membership(user) for user in users]
    results = at_once(lambda number: counting.count(memberships[number % 3 :]), crowd=12)
    for result in results:
        assert isinstance(result, int | Conflict), result
    counting.count(memberships)
    assert (counting.total(), counting.total(role="viewer", status="active")) == (5, 5)
