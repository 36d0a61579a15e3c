"""A consumer of a queue: each event once in effect, failures alone again and later each time."""

import json

import pytest
from botocore.exceptions import ClientError

from lamina import ids
from lamina.events.envelope import Event
from lamina.events.redelivery import LONGEST_SECONDS, POSTPONED_FOR_SECONDS, Postponed, backoff
from tests.support.aws import Context, call_table
from tests.support.log import Log
from tests.unit.events.conftest import Consumer, Queue, happened


class Broken(Exception):
    """What goes wrong in these tests."""


def failing(event: Event) -> None:
    raise Broken(event["id"])


def test_an_event_is_done_once_however_often_it_comes(deliver: Consumer) -> None:
    done: list[str] = []
    give = deliver(lambda event: done.append(event["id"]))
    assert give(happened("e1"), happened("e1"), happened("e2")) == []
    assert give(happened("e2"), happened("e1"), tries=2) == []
    assert done == ["e1", "e2"]


def test_an_event_that_is_no_work_is_neither_done_nor_recorded(deliver: Consumer) -> None:
    done: list[str] = []
    concerned = iter((False, True))
    give = deliver(lambda event: done.append(event["id"]), concerns=lambda _: next(concerned))
    assert give(happened("e1")) == []
    assert done == []
    assert call_table("Scan")["Items"] == []
    assert give(happened("e1")) == []
    assert done == ["e1"]


def test_consumers_do_an_event_each(deliver: Consumer) -> None:
    done: list[str] = []
    deliver(lambda _: done.append("one"))(happened())
    deliver(lambda _: done.append("other"))(happened())
    assert done == ["one", "other"]


def test_only_what_failed_comes_again_and_then_is_done(deliver: Consumer) -> None:
    done: list[str] = []
    broken = {"e2"}

    def work(event: Event) -> None:
        if event["id"] in broken:
            raise Broken
        done.append(event["id"])

    give = deliver(work)
    assert give(happened("e1"), happened("e2"), happened("e3")) == ["m1"]
    broken.clear()
    assert give(happened("e2"), tries=2) == []
    assert done == ["e1", "e3", "e2"]


@pytest.mark.usefixtures("longest_waits")
@pytest.mark.parametrize(("tries", "seconds"), [(1, 1), (2, 2), (3, 4), (8, 128), (20, LONGEST_SECONDS), (4000, 900)])
def test_the_wait_doubles_with_each_try_from_one_second_on(
    deliver: Consumer, queue: Queue, tries: int, seconds: int
) -> None:
    assert deliver(failing)(happened(), tries=tries) == ["m0"]
    assert queue.hidden == {"r0": seconds}


def test_waits_are_spread_over_the_whole_time() -> None:
    waits = [backoff(7) for _ in range(2000)]
    assert (min(waits), max(waits)) == (1, 64)
    assert all(waits.count(seconds) < 100 for seconds in range(1, 65))


def test_a_message_that_cannot_be_hidden_fails_all_the_same(deliver: Consumer, queue: Queue) -> None:
    queue.refuse = ClientError({"Error": {"Code": "RequestThrottled"}}, "ChangeMessageVisibility")
    assert deliver(failing)(happened("e1"), happened("e2")) == ["m0", "m1"]


@pytest.mark.parametrize("body", ["", "not JSON", "[]", "{}", '{"detail": null}', json.dumps({"detail": {"id": "e1"}})])
def test_what_is_no_event_fails_alone(deliver: Consumer, queue: Queue, body: str) -> None:
    done: list[str] = []
    assert deliver(lambda event: done.append(event["id"]))(body, happened("e1")) == ["m0"]
    assert done == ["e1"]
    assert queue.hidden == {"r0": 1}


def test_what_is_postponed_waits_as_a_fresh_copy_and_no_try_is_counted(deliver: Consumer, queue: Queue) -> None:
    done: list[str] = []
    closed = [True]

    def work(event: Event) -> None:
        if closed[0]:
            raise Postponed(30)
        done.append(event["id"])

    give, event = deliver(work), happened("e1", occurred_at=ids.now())
    assert give(event, tries=7) == []
    assert queue.sent == [(event, 30)]
    assert queue.hidden == {}
    closed.clear()
    closed.append(False)
    assert give(event) == []
    assert give(event, tries=8) == []
    assert done == ["e1"]


def test_postponing_is_bounded_by_what_a_queue_takes(deliver: Consumer, queue: Queue) -> None:
    def work(event: Event) -> None:
        raise Postponed(event["data"]["seconds"])

    asked = (86_400, -5)
    deliver(work)(*(happened(str(n), occurred_at=ids.now(), data={"seconds": n}) for n in asked))
    assert [delay for _, delay in queue.sent] == [900, 1]


def postponing(_: Event) -> None:
    raise Postponed(30)


@pytest.mark.parametrize(("age", "seconds"), [(0, 30), (290, 30), (600, 60), (6 * 3600, 900), (24 * 3600 - 60, 900)])
def test_a_copy_waits_the_longer_the_older_its_event_is(
    deliver: Consumer, queue: Queue, age: int, seconds: int
) -> None:
    assert deliver(postponing)(happened(occurred_at=ids.ago(age))) == []
    assert [delay for _, delay in queue.sent] == [seconds]


def test_the_loop_of_copies_ends_a_day_after_the_event(deliver: Consumer, queue: Queue) -> None:
    assert deliver(postponing)(happened(occurred_at=ids.ago(POSTPONED_FOR_SECONDS + 1)), tries=3) == ["m0"]
    assert queue.sent == []
    assert list(queue.hidden) == ["r0"]


def test_what_cannot_be_postponed_is_a_failure_like_any_other(deliver: Consumer, queue: Queue) -> None:
    def work(_: Event) -> None:
        queue.refuse = ClientError({"Error": {"Code": "RequestThrottled"}}, "SendMessage")
        raise Postponed(30)

    assert deliver(work)(happened(occurred_at=ids.now())) == ["m0"]


def test_a_twin_of_what_is_being_worked_on_fails_and_comes_when_the_other_must_have_ended(
    deliver: Consumer, queue: Queue
) -> None:
    done: list[str] = []
    twin = deliver(lambda event: done.append(event["id"]), "twins")

    def work(event: Event) -> None:
        assert twin(event) == ["m0"]
        done.append(event["id"])

    assert deliver(work, "twins")(happened()) == []
    assert queue.hidden == {"r0": Context().get_remaining_time_in_millis() / 1000}
    assert twin(happened(), tries=2) == []
    assert done == ["e1"]


def test_log_lines_of_a_consumer_tell_the_event_and_never_what_it_holds(deliver: Consumer, log: Log) -> None:
    def work(_: Event) -> None:
        raise Broken("ada@example.com")

    deliver(work)(happened("e1", correlation_id="c7", data={"email": "ada@example.com"}), tries=3)
    assert [line["message"] for line in log.lines] == ["unexpected failure", "retry scheduled"]
    assert all((line["correlation_id"], line["event_id"]) == ("c7", "e1") for line in log.lines)
    assert log.lines[1]["attempts"] == 3
    assert "ada@example.com" not in log.text
