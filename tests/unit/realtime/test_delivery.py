"""What subscriptions get: each event once, in order, and only what the caller may read at that moment."""

import threading
import time
from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.jobs import service, transitions
from lamina.realtime import connections, delivery, subject_queue, subscriptions
from lamina.realtime.delivery import NotDelivered, push
from lamina.realtime.items import SubjectQueueItem, subject_queue_key
from lamina.realtime.sockets import Outcome
from tests.support.aws import make_user
from tests.support.household import furnish_job
from tests.support.people import Person, again, person, verified
from tests.unit.realtime.conftest import Client, Message, World

USER = "subscription($id: ID!) { userUpdated(id: $id) { name version email } }"
NAME = "subscription($id: ID!) { userUpdated(id: $id) { name } }"


def rename(who: Person, name: str, user_id: str = "") -> None:
    assert who.api.patch(f"/v1/users/{user_id or who.id}", {"name": name}).status == 200


def names(client: Client) -> list[str]:
    """The names in what a client got since the last look."""
    messages = client.take()
    assert all(each["type"] == "next" for each in messages), messages
    return [each["payload"]["data"]["userUpdated"]["name"] for each in messages]


def test_a_change_arrives_once_with_what_identifies_the_event(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    client.subscribe("1", USER, id=viewer.id)
    rename(viewer, "Ada")
    (event,) = [each for each in world.events() if each["type"] == "user.updated"][-1:]
    push(world.sockets, event)
    push(world.sockets, event)
    (message,) = client.take()
    data = {"name": "Ada", "version": message["payload"]["extensions"]["event"]["version"], "email": viewer.user.email}
    about = {"id": event["id"], "type": "user.updated", "occurredAt": event["occurred_at"], "version": data["version"]}
    payload = {"data": {"userUpdated": data}, "extensions": {"event": about}}
    assert message == {"type": "next", "id": "1", "payload": payload}


def test_ten_quick_changes_are_ten_messages_with_the_state_of_each(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    client.subscribe("1", NAME, id=viewer.id)
    for number in range(10):
        rename(viewer, f"Ada {number}")
    world.push()
    assert names(client) == [f"Ada {number}" for number in range(10)]


def test_events_in_any_order_and_repeated_arrive_in_order_and_once(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    client.subscribe("1", NAME, id=viewer.id)
    for number in range(4):
        rename(viewer, f"Ada {number}")
    events = [each for each in world.events() if each["subject"] == viewer.id][-4:]
    for number in (2, 0, 3, 1, 2, 0):
        push(world.sockets, events[number])
    assert names(client) == [f"Ada {number}" for number in range(4)]


def test_what_was_changed_before_a_subscription_is_not_delivered(world: World, viewer: Person) -> None:
    early = world.open(viewer)
    early.subscribe("1", NAME, id=viewer.id)
    rename(viewer, "Before")
    client = world.open(viewer)
    client.subscribe("1", NAME, id=viewer.id)
    rename(viewer, "After")
    world.push()
    assert names(early) == ["Before", "After"]
    assert names(client) == ["After"]


def test_a_completed_subscription_gets_nothing(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    client.subscribe("1", NAME, id=viewer.id)
    client.subscribe("2", NAME, id=viewer.id)
    client.send("complete", id="1")
    rename(viewer, "Ada")
    world.push()
    assert [each["id"] for each in client.take()] == ["2"]


def test_others_see_the_public_profile_and_only_changes_of_it(world: World, viewer: Person, admin: Person) -> None:
    other = again(verified(make_user("other")))
    client, own, admins = world.open(other), world.open(viewer), world.open(admin)
    for each in (client, own, admins):
        each.subscribe("1", USER, id=viewer.id)
        assert not each.got
    assert viewer.api.patch(f"/v1/users/{viewer.id}", {"age": 44}).status == 200
    world.push()
    assert not client.got
    assert [len(each.take()) for each in (own, admins)] == [1, 1]
    rename(viewer, "Ada")
    world.push()
    (message,) = client.take()
    assert message["payload"]["data"]["userUpdated"] == {"name": "Ada", "version": None, "email": None}
    assert {each["extensions"]["code"] for each in message["payload"]["errors"]} == {"FORBIDDEN"}
    assert names(own) == names(admins) == ["Ada"]


def test_nobody_gets_what_is_about_somebody_else(world: World, viewer: Person, author: Person) -> None:
    client = world.open(viewer)
    client.subscribe("1", NAME, id=viewer.id)
    rename(author, "Someone")
    world.push()
    assert not client.got


def test_the_end_of_a_session_ends_its_connection_at_the_next_delivery(
    world: World, viewer: Person, admin: Person
) -> None:
    client, admins = world.open(viewer), world.open(admin)
    for each in (client, admins):
        each.subscribe("1", NAME, id=viewer.id)
    assert viewer.api.post("/v1/auth/logout").status == 204
    rename(admin, "Ada", viewer.id)
    world.push()
    (message,) = client.take()
    assert (message["type"], message["payload"][0]["extensions"]["closeCode"]) == ("error", 4403)
    assert client.is_closed
    assert names(admins) == ["Ada"]


def test_a_connection_that_is_gone_costs_one_message(world: World, viewer: Person) -> None:
    gone, client = world.open(viewer), world.open(viewer)
    for each in (gone, client):
        each.subscribe("1", NAME, id=viewer.id)
        each.subscribe("2", NAME, id=viewer.id)
    world.sockets.outcomes[gone.id] = Outcome.GONE
    rename(viewer, "Ada")
    world.push()
    assert connections.find(gone.id) is None
    assert [each.connection_id for page in subscriptions.pages(f"userUpdated#{viewer.id}") for each in page] == [
        client.id,
        client.id,
    ]
    assert names(client) == ["Ada", "Ada"]


def test_a_message_that_fails_is_retried_for_its_connection_only_and_closes_it_in_the_end(
    world: World, viewer: Person
) -> None:
    slow, client = world.open(viewer), world.open(viewer)
    for each in (slow, client):
        each.subscribe("1", NAME, id=viewer.id)
    world.sockets.outcomes[slow.id] = Outcome.FAILED
    rename(viewer, "First")
    rename(viewer, "Second")
    *_, event = world.events()
    with pytest.raises(NotDelivered):
        push(world.sockets, event)
    assert names(client) == ["First", "Second"]
    world.sockets.outcomes.clear()
    push(world.sockets, event)
    assert names(slow) == ["First", "Second"]
    world.sockets.outcomes[slow.id] = Outcome.FAILED
    rename(viewer, "Third")
    *_, event = world.events()
    for _ in range(delivery.MAX_FAILURES - 1):
        with pytest.raises(NotDelivered):
            push(world.sockets, event)
    push(world.sockets, event)
    assert slow.is_closed
    assert names(client) == ["Third"]


def test_a_process_that_dies_repeats_one_message_at_most(world: World, viewer: Person) -> None:
    class Killed(BaseException):
        pass

    clients = [world.open(viewer) for _ in range(4)]
    for each in clients:
        each.subscribe("1", NAME, id=viewer.id)
    for number in range(3):
        rename(viewer, f"Ada {number}")
    *_, event = world.events()
    lease = subject_queue.acquire(f"user#{viewer.id}", event["id"])
    assert lease
    subject_queue.abandon(lease)
    count = 0

    def dies(*_: object) -> None:
        nonlocal count
        count += 1
        if count > 5:
            raise Killed

    world.sockets.before = dies
    with pytest.raises(BaseException):  # noqa: B017, PT011 (whatever ends the process)
        push(world.sockets, event)
    world.sockets.before = lambda *_: None
    item = SubjectQueueItem.get(*subject_queue_key(f"user#{viewer.id}"))
    item.update([SubjectQueueItem.until.set(0)])
    push(world.sockets, event)
    for each in clients:
        assert names(each) == ["Ada 0", "Ada 1", "Ada 2"]


def test_an_event_that_arrives_during_a_delivery_is_left_to_it(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    client.subscribe("1", NAME, id=viewer.id)
    rename(viewer, "First")
    *_, first = world.events()
    began, goes_on = threading.Event(), threading.Event()

    def waits(_: str, message: Message) -> None:
        if message["payload"]["data"]["userUpdated"]["name"] == "First":
            began.set()
            assert goes_on.wait(10)

    world.sockets.before = waits
    holder = threading.Thread(target=push, args=(world.sockets, first))
    holder.start()
    assert began.wait(10)
    rename(viewer, "Second")
    *_, second = world.events()
    push(world.sockets, second)
    assert not client.got
    goes_on.set()
    holder.join(10)
    assert names(client) == ["First", "Second"]


def test_a_slow_connection_does_not_keep_others_waiting(world: World, viewer: Person) -> None:
    slow, *others = [world.open(viewer) for _ in range(5)]
    for each in (slow, *others):
        each.subscribe("1", NAME, id=viewer.id)
    goes_on = threading.Event()
    world.sockets.before = lambda connection_id, _: connection_id != slow.id or goes_on.wait(10)
    rename(viewer, "Ada")
    pushing = threading.Thread(target=world.push)
    pushing.start()
    try:
        deadline = time.monotonic() + 10
        while not all(each.got for each in others) and time.monotonic() < deadline:
            goes_on.wait(0.01)
        assert [names(each) for each in others] == [["Ada"]] * 4
        assert not slow.got
    finally:
        goes_on.set()
        pushing.join(10)


def test_a_deleted_user_completes_the_subscriptions(world: World, viewer: Person, admin: Person) -> None:
    client = world.open(admin)
    client.subscribe("1", NAME, id=viewer.id)
    assert admin.api.delete(f"/v1/users/{viewer.id}").status == 204
    world.push()
    assert client.take() == [{"type": "complete", "id": "1"}]
    assert not subscriptions.is_any(f"userUpdated#{viewer.id}")


def test_a_large_result_is_an_error_of_its_operation(
    world: World, viewer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.open(viewer)
    client.subscribe("1", NAME, id=viewer.id)
    client.subscribe("2", "subscription($id: ID!) { userUpdated(id: $id) { metadata name } }", id=viewer.id)
    assert viewer.api.patch(f"/v1/users/{viewer.id}", {"metadata": {"a": "x" * 1000}}).status == 200
    monkeypatch.setattr("lamina.realtime.protocol.MAX_ANSWER_BYTES", 500)
    world.push()
    got = {each["id"]: each for each in client.take()}
    assert got["1"]["type"] == "next"
    assert got["2"]["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    rename(viewer, "Ada")
    world.push()
    assert [each["id"] for each in client.take()] == ["1"]


def write(who: Person, **fields: Any) -> dict[str, Any]:
    answer = who.api.post("/v1/posts", {"title": "A post", "content": "Words", **fields})
    assert answer.status == 201, answer.body
    data: dict[str, Any] = answer.data
    return data


POSTS = "subscription($author: ID) { postPublished(authorId: $author) { id title author { username } } }"


def test_published_posts_reach_those_who_may_read_them(
    world: World, viewer: Person, author: Person, admin: Person
) -> None:
    everyone, of_author, of_other = world.open(viewer), world.open(viewer), world.open(viewer)
    own, admins = world.open(author), world.open(admin)
    everyone.subscribe("1", POSTS)
    of_author.subscribe("1", POSTS, author=author.id)
    of_other.subscribe("1", POSTS, author=viewer.id)
    own.subscribe("1", POSTS)
    admins.subscribe("1", POSTS)
    public = write(author, title="Public", published=True)
    private = write(author, title="Private", published=True, visibility="private")
    draft = write(author, title="Draft")
    world.push()
    got = {
        name: sorted(each["payload"]["data"]["postPublished"]["title"] for each in client.take())
        for name, client in {"all": everyone, "of": of_author, "other": of_other, "own": own, "admin": admins}.items()
    }
    both = ["Private", "Public"]
    assert got == {"all": ["Public"], "of": ["Public"], "other": [], "own": both, "admin": both}
    assert author.api.post(f"/v1/posts/{draft['id']}/publish").status == 200
    world.push()
    (message,) = everyone.take()
    assert message["payload"]["data"]["postPublished"] == {
        "id": draft["id"],
        "title": "Draft",
        "author": {"username": "author"},
    }
    assert public["id"] != private["id"]


def test_a_post_that_is_not_published_any_more_is_not_delivered(world: World, viewer: Person, author: Person) -> None:
    client = world.open(viewer)
    client.subscribe("1", POSTS)
    first, second = write(author, published=True), write(author, published=True)
    assert author.api.post(f"/v1/posts/{first['id']}/unpublish").status == 200
    assert author.api.delete(f"/v1/posts/{second['id']}").status == 204
    world.push()
    assert not client.got
    assert author.api.post(f"/v1/posts/{first['id']}/publish").status == 200
    world.push()
    assert [each["payload"]["data"]["postPublished"]["id"] for each in client.take()] == [first["id"]]


def test_a_subscription_remembers_a_bounded_number_of_subjects(
    world: World, viewer: Person, author: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MAX_POSITIONS", 2)
    client = world.open(viewer)
    client.subscribe("1", POSTS, author=author.id)
    events = []
    for _ in range(5):
        write(author, published=True)
        (event,) = world.events()
        events.append(event)
        push(world.sockets, event)
    assert len(client.take()) == 5
    for event in events:
        push(world.sockets, event)
    assert not client.got
    ((subscription,),) = subscriptions.pages(f"postPublished#{author.id}")
    assert len(subscription.positions) <= 2


def test_a_job_is_followed_through_its_statuses(world: World, admin: Person) -> None:
    answer = admin.api.post("/v1/reports", {"type": "users", "format": "csv"})
    job_id = answer.data["id"]
    client = world.open(admin)
    client.subscribe("1", "subscription($id: ID!) { jobUpdated(id: $id) { id status progress finishedAt } }", id=job_id)
    assert not client.got
    service.change(job_id, lambda job: transitions.start(job, "run"))
    service.change(job_id, lambda job: transitions.beat(job, 40))
    done = service.change(job_id, lambda job: transitions.succeed(job, "reports/x.csv"))
    world.push()
    found = [each["payload"]["data"]["jobUpdated"] for each in client.take()]
    assert found == [
        {"id": job_id, "status": "running", "progress": 0, "finishedAt": None},
        {"id": job_id, "status": "succeeded", "progress": 100, "finishedAt": done.finished_at},
    ]


def test_somebody_elses_job_is_not_found(world: World, viewer: Person, admin: Person) -> None:
    job = furnish_job(admin.id)
    client = world.open(viewer)
    client.subscribe("1", "subscription($id: ID!) { jobUpdated(id: $id) { id } }", id=job.id)
    assert client.take()[0]["payload"][0]["extensions"]["code"] == "NOT_FOUND"


def test_without_a_subscriber_an_event_costs_one_read(world: World, viewer: Person, work: Any) -> None:
    rename(viewer, "Ada")
    *_, event = world.events()
    work.counts.clear()
    push(world.sockets, event)
    assert dict(work.counts) == {"Query": 1}


def test_calls_of_the_table_grow_with_pages_not_with_callers(world: World, work: Any) -> None:
    people = [person(f"person-{number}") for number in range(3)]
    writer = person("writer", Role.EDITOR)
    for each in people:
        client = world.open(each)
        for number in range(4):
            client.subscribe(str(number), POSTS)
    write(writer, published=True)
    (event,) = world.events()
    work.counts.clear()
    push(world.sockets, event)
    # Reads: five topics, and what each has; the post, its author and its events; the callers once per page. Writes:
    # the lease twice, and one for each of twelve messages.
    assert work.counts["UpdateItem"] == 2 + 12
    assert work.counts["BatchGetItem"] <= 2 + 4
    assert work.counts["Query"] <= 5 + 1 + 5


def test_an_unknown_type_of_event_is_ignored(world: World) -> None:
    push(world.sockets, {"type": "session.started", "subject": "x", "id": "y", "data": {}})
    assert not world.sockets.got
