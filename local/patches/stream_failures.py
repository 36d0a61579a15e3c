"""A stream mapping retries records that a function reports as failed, up to its maximum number of attempts.

MiniStack ignores `batchItemFailures` of a stream's consumer, so that records which it asked to see again are lost, and
retries a batch that raises without end. Lambda retries from the first failed record on, and after
MaximumRetryAttempts sends the batch's address to the failure destination and goes on
(https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).

Here the whole batch is tried again, the same records and no more: a consumer must be safe to run twice in any case.
"""

from typing import Any

from ministack.services import dynamodb, lambda_svc

NO_LIMIT = -1

type Event = dict[str, Any]
type Fetch = tuple[str, int, int]
"""Table, position in its stream, number of records."""

_attempts: dict[tuple[str, str], int] = {}
_retried: dict[tuple[str, int], int] = {}
_last_fetch: Fetch = ("", 0, 0)  # the poller is one thread, and runs a batch right after it fetched it


def apply() -> None:
    """Judge what a stream's consumer answers before the poller does, and fetch a failed batch as it was."""
    _fetch_failed_batches_as_they_were()
    execute = lambda_svc._execute_function

    def execute_and_judge(function: dict[str, Any], event: Event) -> dict[str, Any]:
        fetch = _last_fetch
        result: dict[str, Any] = execute(function, event)
        mapping = _stream_mapping(function, event)
        return result if mapping is None else _judged(result, mapping, function, event, fetch)

    lambda_svc._execute_function = execute_and_judge


def _fetch_failed_batches_as_they_were() -> None:
    fetch = dynamodb.stream_records_since

    def fetch_again(table: str, position: int, limit: int, **scope: Any) -> Any:
        global _last_fetch  # noqa: PLW0603  see there
        records = fetch(table, position, _retried.get((table, position), limit), **scope)
        _last_fetch = (table, position, len(records))
        return records

    dynamodb.stream_records_since = fetch_again


def _stream_mapping(function: dict[str, Any], event: Any) -> dict[str, Any] | None:
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or not isinstance(records[0], dict) or records[0].get("eventSource") != "aws:dynamodb":
        return None
    name = (function.get("config") or function).get("FunctionName")
    source = records[0].get("eventSourceARN")
    mappings = list(lambda_svc._esms._data.values())
    return next((one for one in mappings if one.get("EventSourceArn") == source and one["FunctionName"] == name), None)


def _judged(
    result: dict[str, Any], mapping: dict[str, Any], function: dict[str, Any], event: Event, fetch: Fetch
) -> dict[str, Any]:
    key = (mapping["UUID"], event["Records"][0]["dynamodb"]["SequenceNumber"])
    table, position, size = fetch
    failed = bool(result.get("error") or _reported_failures(result, mapping))
    _attempts[key] = _attempts.get(key, 0) + 1
    if failed and not _is_last(mapping, _attempts[key]):
        _retried[table, position] = size
        return result if result.get("error") else {**result, "error": True, "body": _partial()}
    _attempts.pop(key)
    _retried.pop((table, position), None)
    if not failed:
        return result
    lambda_svc._send_ddb_stream_failure_record(
        mapping, function, event["Records"], mapping["EventSourceArn"], result, "RetryAttemptsExhausted"
    )
    return {"body": {}, "log": result.get("log", "")}


def _is_last(mapping: dict[str, Any], attempts: int) -> bool:
    limit = mapping.get("MaximumRetryAttempts")
    return limit is not None and int(limit) != NO_LIMIT and attempts > int(limit)


def _reported_failures(result: dict[str, Any], mapping: dict[str, Any]) -> list[Any]:
    body = result.get("body")
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []) or not isinstance(body, dict):
        return []
    return list(body.get("batchItemFailures") or [])


def _partial() -> dict[str, str]:
    return {"errorType": "BatchItemFailures", "errorMessage": "the function reported failed records"}
