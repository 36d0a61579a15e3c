"""Batches of records: each record on its own, and what its import costs."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from lamina.events.batches import EventType, process_each

NUMBERS = {"a": "1", "b": "2", "c": "3"}


def messages(*bodies: str) -> list[dict[str, str]]:
    return [{"messageId": f"m-{body}", "body": body} for body in bodies]


def changes(*subjects: str) -> list[dict[str, Any]]:
    return [{"dynamodb": {"SequenceNumber": NUMBERS[subject], "Keys": {"pk": {"S": subject}}}} for subject in subjects]


def body(record: Any) -> str:
    if record.body == "b":
        raise ValueError(record.body)
    return str(record.body)


def subject(record: Any) -> str:
    found = str(record["dynamodb"]["Keys"]["pk"]["S"])
    if found == "b":
        raise ValueError(found)
    return found


def test_messages_that_failed_are_reported_by_their_ids() -> None:
    failures: list[tuple[str, str]] = []
    batch = process_each(
        EventType.SQS,
        messages("a", "b", "c"),
        body,
        lambda record, error: failures.append((record.body, type(error).__name__)),
    )
    assert batch.results == ["a", "c"]
    assert batch.response == {"batchItemFailures": [{"itemIdentifier": "m-b"}]}
    assert failures == [("b", "ValueError")]


def test_stream_records_that_failed_are_reported_by_their_sequence_numbers() -> None:
    batch = process_each(EventType.DynamoDBStreams, changes("a", "b", "c"), subject)
    assert (batch.results, batch.failed) == (["a", "c"], ["2"])


def test_a_batch_of_failures_is_a_response_and_no_exception() -> None:
    assert process_each(EventType.SQS, messages("b"), body).failed == ["m-b"]


def test_with_threads_all_records_are_processed_at_the_same_time() -> None:
    all_started = Barrier(3, timeout=10)

    def work(record: Any) -> str:
        all_started.wait()
        return body(record)

    with ThreadPoolExecutor(3) as threads:
        batch = process_each(EventType.SQS, messages("a", "b", "c"), work, threads=threads)
    assert sorted(batch.results) == ["a", "c"]
    assert batch.failed == ["m-b"]


@pytest.mark.parametrize("first", ["pydantic", "json"])
def test_importing_it_loads_no_models_of_event_sources_and_leaves_pydantic_in_place(first: str) -> None:
    program = (
        f"import sys, {first}; before = sys.modules.get('pydantic'); import lamina.events.batches\n"
        "assert sys.modules.get('pydantic') is before\n"
        "assert 'aws_lambda_powertools.utilities.parser' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": "layers/core"}, check=True)
