"""Processes the records of a batch one by one, from queues and from streams alike: only those that failed are retried.

A record that raises is reported in the partial batch response of Powertools' `BatchProcessor`, and the others are
processed nevertheless.
"""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

# If Pydantic is loaded, Powertools imports the models of every event source, for an annotation of `model=`: 100 ms.
_pydantic = sys.modules.pop("pydantic", None)
try:
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
finally:
    if _pydantic:
        sys.modules["pydantic"] = _pydantic

__all__ = ["Batch", "EventType", "process_each"]


@dataclass(frozen=True)
class Batch[T]:
    """The outcome of a batch.

    Attributes:
        results: what the work returned, for each record that did not fail.
        failed: ids of the records that failed: of messages, or sequence numbers of a stream.
    """

    results: list[T]
    failed: list[str]

    @property
    def response(self) -> dict[str, Any]:
        """The partial batch response (Lambda developer guide, "Implementing partial batch responses")."""
        return partial_response(self.failed)


def partial_response(failed: Sequence[str]) -> dict[str, Any]:
    """Return the response by which Lambda retries these records and no others."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def process_each[Record, T](
    event_type: EventType,
    records: Sequence[Any],
    work: Callable[[Record], T],
    on_failure: Callable[[Record, Exception], object] | None = None,
    *,
    threads: ThreadPoolExecutor | None = None,
) -> Batch[T]:
    """Process each record of a batch on its own.

    Args:
        event_type: the source, which decides the class of the records.
        records: the records of the invocation.
        work: processes a record. If it raises, only this record fails.
        on_failure: called for each record that failed.
        threads: process the records in these threads; one after the other without.
    """

    def attempt(record: Record) -> T:
        try:
            return work(record)
        except Exception as error:
            if on_failure:
                on_failure(record, error)
            raise

    processor = _Processor(event_type, threads)
    with processor(list(records), attempt):
        outcomes = processor.process()
    failures = processor.response()["batchItemFailures"]
    return Batch(
        [result for outcome, result, _ in outcomes if outcome == "success"],
        [str(failure["itemIdentifier"]) for failure in failures],
    )


class _Processor(BatchProcessor):
    """Powertools' processor, which can process the records of a batch in threads."""

    def __init__(self, event_type: EventType, threads: ThreadPoolExecutor | None) -> None:
        super().__init__(event_type, raise_on_entire_batch_failure=False)
        self._map = threads.map if threads else map

    def process(self) -> list[tuple[Any, ...]]:
        """Process every record."""
        return list(self._map(self._process_record, self.records))
