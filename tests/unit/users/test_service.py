"""What can be done with users, on one caller's table."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pynamodb.expressions.update import Action

from lamina import ids
from lamina.errors import Conflict, NotFound, PreconditionFailed
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.storage.item import Item
from lamina.storage.keys import shard_of
from lamina.storage.run_once import KeyReused, RequestItem
from lamina.users import repository, service
from lamina.users.errors import EmailTaken, UsernameTaken
from lamina.users.items import GuardItem, SearchItem, UserItem, search_items, user_key
from lamina.users.model import Status, User
from lamina.users.service import NewUser

pytestmark = pytest.mark.usefixtures("aws")

CONTEXT = RequestContext("0190c6c0-0000-7000-8000-000000000001", "test")


def anything(_: int) -> bool:
    return True


def at(version: int) -> Callable[[int], bool]:
    return lambda stored: stored == version


def make(who: str = "zoe", request: str = "", **fields: Any) -> User:
    new = NewUser(**{"email": f"{who}@example.com", "username": who, "name": "Zoë Smith", **fields})
    return service.create(new, replace(CONTEXT, request=request))


def change(user: User, **changes: Any) -> User:
    return service.update(user.id, changes, CONTEXT, if_version=anything)


def events(user: User) -> list[OutboxItem]:
    return list(OutboxItem.query(f"USER#{user.id}", OutboxItem.sk.startswith("EVENT#")))


def search_keys() -> set[tuple[str, str]]:
    return {(item.pk, item.sk) for item in SearchItem.scan()}


def holder(field: str, value: str) -> str | None:
    return repository.id_of(field, value)


def test_a_new_user_is_read_back_as_it_was_made() -> None:
    made = make(age=41, metadata={"team": "blue"})
    assert service.get(made.id) == made
    assert made.version == 1


def test_a_change_is_saved_with_its_event_and_the_next_version() -> None:
    changed = change(make(), name="Zoë Jones", age=12)
    assert service.get(changed.id) == changed
    assert (changed.name, changed.version) == ("Zoë Jones", 2)
    event = events(changed)[-1]
    assert (event.event_type, event.data["changed"], event.actor) == ("user.updated", ["age", "name"], CONTEXT.actor)


def test_a_user_of_the_first_schema_has_the_default_locale_and_is_stored_in_the_second() -> None:
    user = make(locale="de-CH")
    stored = UserItem.get(*user_key(user.id))
    assert (stored.locale, int(stored.schema_version)) == ("de-CH", 2)
    actions: list[Action] = [UserItem.locale.remove(), UserItem.schema_version.set(1)]
    stored.update(actions, add_version_condition=False)
    assert service.get(user.id) == replace(user, locale="en", version=service.get(user.id).version)
    change(user, name="Zoë Jones")
    stored = UserItem.get(*user_key(user.id))
    assert (stored.locale, int(stored.schema_version)) == ("en", 2)


def test_no_event_holds_personal_data() -> None:
    user = change(make(), email="new@example.com", name="Somebody Else")
    text = str([event.data for event in events(user)])
    assert not any(secret in text for secret in ("Zo", "example.com", "Somebody"))


def test_the_same_values_again_raise_no_version_and_no_event() -> None:
    user = make(metadata={"a": [1, {"b": None}]})
    assert change(user, name=user.name, metadata={"a": [1, {"b": None}]}) == user
    assert len(events(user)) == 1


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), (1, 1.0), ("", None)])
def test_metadata_that_python_takes_for_equal_is_a_change_if_json_does_not(old: object, new: object) -> None:
    user = make(metadata={"value": old})
    changed = change(user, metadata={"value": new})
    assert changed.version == 2
    assert type(service.get(user.id).metadata["value"]) is type(new)


def test_a_change_needs_the_version_that_it_was_made_for() -> None:
    user = change(make(), name="Second")
    with pytest.raises(PreconditionFailed):
        service.update(user.id, {"name": "Third"}, CONTEXT, if_version=at(1))
    assert service.update(user.id, {"name": "Third"}, CONTEXT, if_version=at(2)).version == 3


def test_a_precondition_that_ceases_to_hold_while_writing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make()
    overtake(monkeypatch, lambda: change(user, name="Faster"))
    with pytest.raises(PreconditionFailed):
        service.update(user.id, {"name": "Slower"}, CONTEXT, if_version=at(1))
    assert service.get(user.id).name == "Faster"


def test_a_change_without_a_precondition_goes_over_the_newer_version(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make()
    overtake(monkeypatch, lambda: change(user, age=50))
    change(user, name="Later")
    after = service.get(user.id)
    assert (after.age, after.name, after.version) == (50, "Later", 3)


def test_a_change_that_is_always_overtaken_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make()

    def never(*_: object, **__: object) -> None:
        raise Conflict

    monkeypatch.setattr(repository, "update", never)
    with pytest.raises(Conflict) as refused:
        change(user, name="Never")
    assert refused.value.code == "CONFLICT"


@pytest.mark.parametrize(("field", "error"), [("email", EmailTaken), ("username", UsernameTaken)])
def test_what_is_taken_cannot_be_taken_again(field: str, error: type[Conflict]) -> None:
    first = make("ann")
    taken = {field: getattr(first, field)}
    with pytest.raises(error):
        make("bob", **taken)
    second = make("bob")
    with pytest.raises(error):
        change(second, **taken)
    assert holder(field, getattr(first, field)) == first.id
    assert service.get(second.id) == second


def test_a_refused_user_leaves_nothing_behind() -> None:
    make("ann")
    before = {(item.pk, item.sk) for item in Item.scan()}
    with pytest.raises(UsernameTaken):
        make("bob", username="ann")
    assert {(item.pk, item.sk) for item in Item.scan()} == before


def test_a_former_address_is_free_for_others() -> None:
    first = change(make("ann"), email="other@example.com")
    second = make("bob", email="ann@example.com")
    assert holder("email", "ann@example.com") == second.id
    assert holder("email", "other@example.com") == first.id


def test_a_new_address_is_unverified_and_another_role_ends_the_sessions() -> None:
    user = make()
    repository.update(user, replace(user, email_verified=True), [])
    assert change(user, email="new@example.com").email_verified is False
    assert change(user, status=Status.SUSPENDED).session_epoch == user.session_epoch + 1


def test_search_entries_follow_every_change() -> None:
    user = make()
    assert search_keys() == set(search_items(user))
    user = change(user, name="Ann Marie Smith", email="ann@other.example", username="annie")
    assert search_keys() == set(search_items(user))


def test_search_entries_that_an_older_release_made_otherwise_do_not_stop_a_change() -> None:
    user = make()
    partition = f"SEARCH#USERS#public#{shard_of(user.id)}"
    SearchItem.get(partition, f"smith#{user.id}").delete()
    SearchItem(partition, f"quite#{user.id}").save()
    changed = change(user, name="Quite Different")
    assert search_keys() == set(search_items(changed))


def test_everything_about_a_user_with_as_many_words_as_there_can_be_changes_at_once() -> None:
    def crowd(start: int) -> dict[str, str]:
        letters = [chr(0x4E00 + start + number) for number in range(50)]
        labels = [f"{chr(97 + number % 26)}{start + number}" for number in range(40)]
        name, email = " ".join(letters)[:100], f"{'.'.join(labels[:15])}@{'.'.join(labels[15:])}.example"
        return {"name": name, "email": email, "username": ".".join(labels)[:29] + str(start % 9)}

    user = change(make(**crowd(0), role="admin"), **crowd(1000), role="viewer")
    assert search_keys() == set(search_items(user))


def test_a_deleted_user_is_gone_and_its_names_stay_taken() -> None:
    user = make(email_verified=True)
    service.delete(user.id, CONTEXT, if_version=anything)
    with pytest.raises(NotFound):
        service.get(user.id)
    with pytest.raises(NotFound):
        change(user, name="Ghost")
    with pytest.raises(NotFound):
        service.delete(user.id, CONTEXT, if_version=anything)
    with pytest.raises(EmailTaken):
        make("other", email=user.email)
    assert search_keys() == set()
    assert all(guard.gsisk is None for guard in GuardItem.scan())


def test_a_restored_user_is_as_it_was_but_for_its_sessions() -> None:
    user = make()
    service.delete(user.id, CONTEXT, if_version=anything)
    back = service.restore(user.id, CONTEXT)
    kept = replace(user, version=3, updated_at=back.updated_at, session_epoch=user.session_epoch + 1)
    assert back == kept == service.get(user.id)
    assert search_keys() == set(search_items(user))
    assert all(guard.gsi1pk and guard.gsi4pk for guard in GuardItem.scan())


def test_restoring_a_user_that_lives_changes_nothing() -> None:
    user = make()
    assert service.restore(user.id, CONTEXT) == user
    with pytest.raises(NotFound):
        service.restore("0190c6c0-0000-7000-8000-00000000ffff", CONTEXT)


def test_restoring_a_user_that_somebody_else_just_restored_answers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make()
    service.delete(user.id, CONTEXT, if_version=anything)
    overtake(monkeypatch, lambda: service.restore(user.id, CONTEXT))
    assert service.restore(user.id, CONTEXT).version == 3
    assert [event.event_type for event in events(user)].count("user.restored") == 1


def test_a_retry_of_the_request_that_made_a_user_gets_that_user() -> None:
    made = make(request="fingerprint")
    assert make(request="fingerprint") == made
    assert len(events(made)) == 1


def test_another_request_or_another_body_is_no_retry() -> None:
    make("ann", request="fingerprint")
    with pytest.raises(EmailTaken):
        make("ann", request="another")
    with pytest.raises(KeyReused):
        make("bob", request="fingerprint:another body")


def test_a_retry_is_one_for_a_day_only() -> None:
    made = make(request="fingerprint")
    (left,) = RequestItem.scan(RequestItem.pk.startswith("REQUEST#"))
    left.update([RequestItem.created_at.set(ids.ago(24 * 3600))])
    with pytest.raises(EmailTaken):
        make(request="fingerprint")
    other = make("bob", request="fingerprint")
    assert other.id != made.id
    assert make("bob", request="fingerprint").id == other.id


def test_a_retry_answers_even_a_user_that_is_deleted_by_now() -> None:
    made = make(request="fingerprint", email_verified=True)
    service.delete(made.id, CONTEXT, if_version=anything)
    assert make(request="fingerprint").id == made.id


def overtake(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen between the read and the write of the next change."""
    write = repository.update
    overtaken: list[bool] = []

    def late(*changes: Any, **checks: Any) -> None:
        if not overtaken:
            overtaken.append(True)
            act()
        write(*changes, **checks)

    monkeypatch.setattr(repository, "update", late)
