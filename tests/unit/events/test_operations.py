"""What operators do with events that were put aside: commands, without a stack to run them on."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from lamina import ids
from operations import stream_dead_letters
from operations.redrive import Queue, move, run, waiting
from operations.replay import chosen, instant
from operations.stream_dead_letters import DeadLetters

PUBLISHER = "Async/PublishChangesFunction"


@pytest.fixture
def sqs(moto_services: None) -> Iterator[Any]:  # noqa: ARG001 (a fixture that must be there)
    client = boto3.client("sqs")
    others = client.list_queues()["QueueUrls"]
    yield client
    for url in set(client.list_queues()["QueueUrls"]) - set(others):
        client.delete_queue(QueueUrl=url)


@pytest.fixture
def queue(sqs: Any, monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setattr("operations.redrive.WAIT_SECONDS", 0)
    return Queue(*(sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("mail", "dead")))


def put_aside(sqs: Any, queue: Queue, number: int) -> None:
    for place in range(number):
        attributes = {"place": {"DataType": "Number", "StringValue": str(place)}}
        sqs.send_message(QueueUrl=queue.dead_letters, MessageBody=f"event {place}", MessageAttributes=attributes)


def test_dead_letters_come_back_as_they_were(sqs: Any, queue: Queue) -> None:
    put_aside(sqs, queue, 1)
    assert list(move(queue, 5)) == [1]
    (message,) = sqs.receive_message(QueueUrl=queue.url, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "event 0"
    assert message["MessageAttributes"]["place"]["StringValue"] == "0"


def test_a_redrive_moves_what_was_there_when_it_began_and_not_what_comes_meanwhile(sqs: Any, queue: Queue) -> None:
    put_aside(sqs, queue, 25)
    for moved in move(queue, 25):
        if moved == 10:
            put_aside(sqs, queue, 5)
    assert (waiting(queue.url), waiting(queue.dead_letters)) == (25, 5)


def test_a_redrive_that_crashes_between_two_lines_loses_nothing(
    sqs: Any, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_aside(sqs, queue, 3)
    moving = move(queue, 3)
    assert next(moving) == 1
    del moving
    assert waiting(queue.url) + waiting(queue.dead_letters) == 3
    monkeypatch.setattr("operations.redrive.HIDDEN_SECONDS", 0)
    put_aside(sqs, queue, 1)

    class Crash(Exception):
        pass

    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    client = boto3.client("sqs")
    monkeypatch.setattr(client, "delete_message", crash)
    monkeypatch.setattr("operations.redrive.boto3.client", lambda _: client)
    with pytest.raises(Crash):
        list(move(queue, 1))
    assert waiting(queue.url) + waiting(queue.dead_letters) == 5


def test_a_redrive_says_how_far_it_came(sqs: Any, queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    put_aside(sqs, queue, 3)
    run("mail", queue)
    assert capsys.readouterr().out == "mail: 3 of 3 moved, 0 dead letters remain\n"


def given_up(function: str, first: str, last: str) -> str:
    """What Lambda sends of a batch that it gives up."""
    return json.dumps(
        {
            "requestContext": {"functionArn": f"arn:aws:lambda:us-east-1:123456789012:function:{function}"},
            "DDBStreamBatchInfo": {
                "approximateArrivalOfFirstRecord": first,
                "approximateArrivalOfLastRecord": last,
                "batchSize": 2,
            },
        }
    )


@pytest.fixture
def stream_queue(sqs: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    url: str = sqs.create_queue(QueueName="stream")["QueueUrl"]
    names = {PUBLISHER: "lamina-publish", stream_dead_letters.QUEUE: url}
    monkeypatch.setattr(stream_dead_letters, "physical_id", lambda _, path: names[path])
    monkeypatch.setattr(stream_dead_letters, "WAIT_SECONDS", 0)
    for body in (
        given_up("lamina-publish:live", "2026-11-20T09:00:00Z", "2026-11-20T09:00:10Z"),
        given_up("lamina-publish-more:live", "2026-11-20T09:00:00Z", "2026-11-20T09:00:10Z"),
        given_up("lamina-publish", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
    ):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    return url


def seen(sqs: Any, url: str) -> int:
    return int(
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"]
    )


def test_the_windows_of_what_the_publisher_gave_up_are_a_minute_wider_than_the_messages_say(
    sqs: Any, stream_queue: str
) -> None:
    letters = DeadLetters("lamina", PUBLISHER)
    assert sorted((window.since, window.until) for window in letters.windows) == [
        ("2026-11-20T08:59:00.000000Z", "2026-11-20T09:01:10.000000Z"),
        ("2026-11-20T09:59:00.000000Z", "2026-11-20T10:01:00.000000Z"),
    ]
    assert (letters.others, seen(sqs, stream_queue)) == (1, 1)


def test_messages_are_deleted_when_their_events_are_published_and_seen_again_when_not(
    sqs: Any, stream_queue: str
) -> None:
    DeadLetters("lamina", PUBLISHER).put_back()
    assert seen(sqs, stream_queue) == 3
    DeadLetters("lamina", PUBLISHER).delete()
    assert waiting(stream_queue) == 1


def options(**given: str | bool) -> argparse.Namespace:
    default = {"since": "", "until": "", "type": "", "subject": "", "again": False, "dry_run": False}
    return argparse.Namespace(**{**default, **given})


def test_a_replay_understands_dates_and_instants_of_any_zone() -> None:
    assert instant("2026-11-20", "") == "2026-11-20T00:00:00.000000Z"
    assert instant("2026-11-20T09:30:00+02:00", "") == "2026-11-20T07:30:00.000000Z"
    assert instant("", "otherwise") == "otherwise"
    with pytest.raises(SystemExit, match="is not a date or time"):
        instant("yesterday", "")


def test_a_replay_of_everything_that_ever_was_has_to_be_asked_for() -> None:
    with pytest.raises(SystemExit, match="FROM="):
        chosen(options(type="user.*"))
    selection = chosen(options(subject="0190", type="user.*", again=True))
    assert (selection.subject, selection.types) == ("0190", "user.*")
    assert selection.windows[0].since < "1"


def test_a_replay_of_what_consumers_no_longer_remember_has_to_be_asked_for() -> None:
    for given in ({"since": ids.ago(15 * 24 * 3600)}, {"since": "2020-01-01"}, {"subject": "0190"}):
        with pytest.raises(SystemExit, match="AGAIN=1"):
            chosen(options(**given))
        assert chosen(options(**given, again=True)).windows
        assert chosen(options(**given, dry_run=True)).windows
    assert chosen(options(since=ids.ago(13 * 24 * 3600), subject="0190")).windows
