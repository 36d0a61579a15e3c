"""The purge of users who were deleted long ago."""

from collections.abc import Callable, Iterator
from itertools import chain, repeat

import boto3
import pytest

from functions.consumers import count_users
from functions.schedules import purge_users as function
from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.identity.tokens.one_time_tokens import Purpose, new_token
from lamina.registry import ITEMS
from lamina.retention.purging import Report, purge_users
from lamina.settings import settings
from lamina.storage.item import Item
from lamina.users import counting, service
from lamina.users import purging as users
from lamina.users.items import UserItem, user_key
from lamina.users.model import User
from lamina.webhooks import directory
from lamina.webhooks.items import EVERYBODY
from tests.roles import declared
from tests.support.aging import age, naming
from tests.support.aws import Context, make_user, table_client
from tests.support.household import furnish, furnish_job
from tests.support.people import Mailbox, Person, events_of, person

pytestmark = pytest.mark.usefixtures("aws")

CONTEXT = RequestContext(None, "test")


def always() -> bool:
    return True


def steps(number: int) -> Callable[[], bool]:
    """Time for so many steps."""
    answers: Iterator[bool] = chain(repeat(True, number), repeat(False))
    return lambda: next(answers)


def days_pass(user: User, days: int) -> None:
    age(table_client(), settings().table, user.id, days)


def left_of(user: User) -> list[str]:
    """What of a user is still in the table, by kind."""
    found = naming(table_client(), settings().table, user.id, user.email, f"#{user.username}")
    return sorted(item["kind"]["S"] for item in found if item["kind"]["S"] != "window")


def delete(user: User, days_ago: int) -> None:
    service.delete(user.id, CONTEXT, if_version=lambda _: True)
    days_pass(user, days_ago)


def at_home(name: str) -> Person:
    """Somebody with one of everything that a user can have, and a session more."""
    ann = person(name, Role.ADMIN)
    furnish(ann.user)
    return ann


def test_a_user_who_was_deleted_a_month_ago_goes_with_all_that_was_theirs(mailbox: Mailbox) -> None:
    ann, bob = at_home("ann"), at_home("bob")
    mailbox.deliver()
    before = left_of(bob.user)
    delete(ann.user, 31)
    events = len(events_of(ann.id))
    report = purge_users(always)
    assert (report.finished, report.users, report.tombstones) == (True, 1, 0)
    assert report.items == {
        "API keys": 1,
        "activities": 6,
        "changes of address": 1,
        "connections": 1,
        "credentials": 1,
        "deliveries to connections": 1,
        "events": events,
        "former addresses": 1,
        "items of jobs": 3,
        "items of posts": 10,
        "jobs": 1,
        "latest orders": 1,
        "latest posts": 1,
        "posts": 1,
        "slugs of posts": 2,
        "trusted devices": 1,
        "lists of connections": 1,
        "lists of webhooks": 1,
        "results": 1,
        "second factors": 1,
        "sessions": 2,
        "tokens and clients": 5,
        "webhooks and deliveries": 1,
        "refused addresses": 1,
        "welcomes": 1,
    }
    assert left_of(ann.user) == ["event", "tombstone"]
    assert left_of(bob.user) == before
    assert bob.is_signed_in()


def test_a_purge_deletes_results_of_jobs_and_webhooks() -> None:
    ann, bob = make_user("ann"), make_user("bob")
    for each in (ann, bob):
        furnish(each)
    job = furnish_job(ann.id)
    files = boto3.client("s3")
    files.put_object(Bucket=settings().files, Key=str(job.result_key), Body=b"...")
    delete(ann, 31)
    purge_users(always)
    assert files.list_objects_v2(Bucket=settings().files, Prefix=str(job.result_key))["KeyCount"] == 0
    assert directory.read(EVERYBODY).webhook_ids == directory.read(bob.id).webhook_ids
    assert directory.read(ann.id).webhook_ids == []


def test_what_remains_is_an_event_without_personal_data_that_expires() -> None:
    ann = make_user("ann")
    delete(ann, 31)
    purge_users(always)
    days_pass(ann, 2)
    purge_users(always)
    (purged,) = events_of(ann.id)
    assert (purged.event_type, purged.data) == ("user.purged", {"id": ann.id, "reason": "deleted"})
    assert purged.expires_at
    assert set(left_of(ann)) <= {"event", "counted"}


def test_the_address_and_the_name_are_free_again() -> None:
    ann = make_user("ann")
    delete(ann, 31)
    purge_users(always)
    assert make_user("ann").id != ann.id


def test_who_was_deleted_lately_or_not_at_all_stays_and_can_be_restored() -> None:
    ann, bob = make_user("ann"), make_user("bob")
    delete(ann, 29)
    days_pass(bob, 100)
    assert purge_users(always) == Report(finished=True)
    assert service.restore(ann.id, CONTEXT).deleted_at is None


def test_who_is_restored_as_the_purge_comes_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = make_user("ann")
    delete(ann, 31)
    replace = users._replace

    def restored_first(*about: object) -> None:
        service.restore(ann.id, CONTEXT)
        replace(*about)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(users, "_replace", restored_first)
    assert purge_users(always).users == 0
    assert service.get(ann.id).email == "ann@example.com"


def test_a_dry_run_says_the_same_and_changes_nothing(mailbox: Mailbox) -> None:
    ann = at_home("ann")
    mailbox.deliver()
    delete(ann.user, 31)
    before = naming(table_client(), settings().table, "")
    event = purge_users(always, dry_run=True)
    assert naming(table_client(), settings().table, "") == before
    assert event == purge_users(always)


def test_events_of_the_last_day_stay_until_the_purge_looks_again() -> None:
    ann = make_user("ann")
    days_pass(ann, 31)
    delete(ann, 0)
    UserItem(*user_key(ann.id)).update(
        [UserItem.deleted_at.set("2020-01-01T00:00:00.000000Z")], add_version_condition=False
    )
    assert purge_users(always).items["events"] == 1
    assert [event.event_type for event in events_of(ann.id)] == ["user.deleted", "user.purged"]
    days_pass(ann, 2)
    report = purge_users(always)
    assert (report.tombstones, report.items) == (1, {"events": 1})


def test_the_second_look_takes_what_a_request_has_left_meanwhile_and_ends_the_counting() -> None:
    ann = make_user("ann")
    counting.count([counting.membership(ann)])
    delete(ann, 31)
    purge_users(always)
    new_token(Purpose.VERIFY_EMAIL, ann.id, ann.email).item.save()
    assert purge_users(always) == Report(finished=True)
    days_pass(ann, 2)
    report = purge_users(always)
    assert (report.tombstones, report.items["tokens and clients"]) == (1, 1)
    assert counting.total() == 0
    assert counting.markers([ann.id])[ann.id].bucket == counting.NOWHERE
    assert purge_users(always) == Report(finished=True)


def test_a_user_is_counted_out_once_by_the_stream_and_the_purge() -> None:
    ann, bob = make_user("ann"), make_user("bob")
    delete(ann, 31)
    deleted = UserItem.get(*user_key(ann.id)).serialize()
    counting.count([counting.membership(bob), counting.Membership(ann.id, counting.DELETED, 2)])
    purge_users(always)
    count_users.handler({"Records": [{"eventName": "REMOVE", "dynamodb": {"OldImage": deleted}}]}, None)
    days_pass(ann, 2)
    purge_users(always)
    assert (counting.total(), counting.total(deleted=True)) == (1, 0)


def test_a_purge_goes_on_where_time_ran_out() -> None:
    people = [make_user(f"user{number}") for number in range(7)]
    for each in people:
        delete(each, 31)
    runs = [purge_users(steps(number)) for number in range(3, 40, 4)]
    assert runs[0].finished is False
    assert sum(run.users for run in runs) == 7
    assert runs[-1].finished
    assert all(left_of(each) == ["event", "tombstone"] for each in people)


def test_two_runs_at_once_purge_each_user_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = make_user("ann")
    delete(ann, 31)
    inner: list[Report] = []
    settle = users.settle

    def after_another_run(tombstone: users.TombstoneItem) -> None:
        if not inner:
            inner.append(Report())
            inner[0] = purge_users(always)
        settle(tombstone)

    monkeypatch.setattr(users, "settle", after_another_run)
    outer = purge_users(always)
    assert (outer.users, inner[0].users, inner[0].tombstones) == (1, 0, 1)
    assert [event.event_type for event in events_of(ann.id)].count("user.purged") == 1
    days_pass(ann, 2)
    purge_users(always)
    assert "tombstone" not in left_of(ann)


def test_a_run_of_the_function_takes_its_event_literally() -> None:
    ann = make_user("ann")
    delete(ann, 31)
    assert function.handler({"dry_run": True}, Context())["users"] == 1  # type: ignore[arg-type]  # it has what is read
    with pytest.raises(TypeError):
        function.handler({"dry_run": "yes"}, Context())  # type: ignore[arg-type]  # it has what is read
    assert function.handler({}, Context())["users"] == 1  # type: ignore[arg-type]  # it has what is read


NOBODYS = {"counter", "count_checkpoint", "decoy", "key_ring", "checkpoint", "flags"}
"""Kinds of items that belong to no user."""
OF_A_WEBHOOK = {"webhook_delivery", "webhook_endpoint_queue", "webhook_parked", "webhook_pending"}
"""Kinds that lie in the partition of a webhook, which goes as a whole."""


def test_every_kind_of_item_that_a_user_can_have_is_among_those_that_are_purged_here() -> None:
    ann = make_user("ann")
    furnish(ann)
    counting.count([counting.membership(ann)])
    here = {item["kind"]["S"] for item in naming(table_client(), settings().table, "") if "kind" in item}
    known = {Item.kind.get_discriminator(kind) for kind in ITEMS}
    nobodys = NOBODYS.union(*declared("NOBODYS"))
    assert known - here - nobodys - OF_A_WEBHOOK == {"tombstone"}, "give it to everybody in tests/support/household.py"
