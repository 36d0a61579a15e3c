"""A consumer of whole batches: what cannot be read fails alone, and what was not done is received again."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from lamina.events.batch_consumer import bulk_consumer
from lamina.events.envelope import Event
from tests.support.aws import Context
from tests.support.log import Log
from tests.unit.events.conftest import Queue, _record, happened
from tests.unit.observability.conftest import NOT_SAMPLED, ROOT, SAMPLED, Daemon, daemon

__all__ = ["daemon"]

SECRET = "hunter2"


def read(event: Event) -> str:
    if event["id"] == "broken":
        raise RuntimeError(SECRET)
    return str(event["id"])


def consume(work: Any, *events: object) -> list[str]:
    records = [_record(event, place, 1) for place, event in enumerate(events)]
    answer = bulk_consumer(read, work)({"Records": records}, Context())  # type: ignore[arg-type]  # as much as is read
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def fail(_: Sequence[str]) -> None:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize("bad", ["", "not JSON", "[]", json.dumps({"detail": {}}), happened("broken")])
def test_what_cannot_be_read_fails_alone(queue: Queue, log: Log, bad: object) -> None:
    done: list[str] = []
    assert consume(done.extend, happened("e1"), bad, happened("e2")) == ["m1"]
    assert done == ["e1", "e2"]
    assert list(queue.hidden) == ["r1"]
    assert SECRET not in log.text


def test_what_was_not_done_is_received_again_as_a_whole(queue: Queue, log: Log) -> None:
    assert sorted(consume(fail, happened("e1"), "not JSON", happened("e2"))) == ["m0", "m1", "m2"]
    assert sorted(queue.hidden) == ["r0", "r1", "r2"]
    assert SECRET not in log.text


def test_a_batch_does_not_remember_the_one_before(queue: Queue) -> None:
    done: list[str] = []
    handler: Any = bulk_consumer(read, done.extend)
    assert handler({"Records": [_record("not JSON", 0, 1)]}, Context())["batchItemFailures"]
    assert handler({"Records": [_record(happened("e1"), 0, 1)]}, Context()) == {"batchItemFailures": []}
    assert done == ["e1"]
    assert queue.hidden


def test_each_event_is_a_part_of_its_own_trace(daemon: Daemon, queue: Queue) -> None:
    other = SAMPLED.replace("1-5759", "1-9999")
    events = [happened("e1", trace=SAMPLED), happened("e2", trace=NOT_SAMPLED), happened("e3", trace=other)]
    assert consume(fail, *events, happened("e4")) == ["m0", "m1", "m2", "m3"]
    parts = [document for document in daemon.received() if "type" not in document]
    assert [part["trace_id"] for part in parts] == [ROOT, ROOT.replace("1-5759", "1-9999")]
    assert all(part["fault"] and part["annotations"]["event_type"] == "user.created" for part in parts)
    assert queue.hidden
