"""Reports to the supervisor what happens in the local AWS: invocations with their logs, events, mails, socket messages.

The console shows it. It runs in the process of the local AWS and changes nothing of what that does.
"""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import apigateway, eventbridge, lambda_svc, ses, ses_v2

from local.patches import workers

LONGEST_LINE = 16 * 1024
LOG_LINES = 200
"""Maximum number of lines of an invocation's log that are reported."""
SOURCES = 20
"""Maximum number of messages of a batch that are reported."""

type Json = dict[str, Any]

_this_thread = threading.local()
"""`loaded`: when the process of the last invocation had loaded the function; 0 if it had before."""


def apply() -> None:
    """Start reporting. Call it once, after the patches."""
    _report_invocations()
    _report_events()
    _report_mails()
    _report_socket_messages()


def _report_invocations() -> None:
    execute = lambda_svc._execute_function_warm  # noqa: SLF001  MiniStack has no other place for it
    invoke = lambda_runtime.Worker.invoke

    def invoked(worker: Any, *positional: Any, **named: Any) -> Json:  # noqa: ANN401  as MiniStack has it
        result: Json = invoke(worker, *positional, **named)
        _this_thread.loaded = result.get("loaded") or 0.0
        return result

    def executed(function: Json, event: Any, request_id: str) -> Json:  # noqa: ANN401  whatever the function takes
        started, _this_thread.loaded = time.time(), 0.0
        result: Json = execute(function, event, request_id)
        config = function.get("config") or function
        log = str(result.get("log") or "").splitlines()[:LOG_LINES]
        workers.tell(
            invocation={
                "function": config.get("FunctionName", ""),
                "request": request_id,
                "started": started,
                "ended": time.time(),
                "loaded": _this_thread.loaded,
                "error": str((result.get("body") or {}).get("errorType", "error")) if result.get("error") else "",
                "sources": list(_sources(event)),
                "log": [line[:LONGEST_LINE] for line in log],
            }
        )
        return result

    lambda_runtime.Worker.invoke = invoked
    lambda_svc._execute_function_warm = executed  # noqa: SLF001  as above


def _sources(event: Any) -> Iterator[Json]:  # noqa: ANN401  as above
    """Describe what invoked a function: the kind, and ids of the request or message."""
    if not isinstance(event, dict):
        return
    context = event.get("requestContext") or {}
    if event.get("type") == "REQUEST" or "httpMethod" in event:
        headers = event.get("headers") or {}
        trace = next((value for name, value in headers.items() if name.lower() == "x-amzn-trace-id"), "")
        yield {"kind": "authorizer" if event.get("type") == "REQUEST" else "api", "trace": trace}
    elif "connectionId" in context:
        yield {"kind": "socket", "name": context.get("routeKey"), "key": context["connectionId"]}
    elif "Records" in event:
        for record in event["Records"][:SOURCES]:
            yield _message(record) if record.get("eventSource") == "aws:sqs" else _change(record)
    elif str(event.get("source", "")).startswith("aws."):
        yield {"kind": "schedule", "name": event.get("detail-type", "")}
    else:
        yield {
            "kind": "task",
            "correlation": str(event.get("correlation_id", "")),
            "key": str(event.get("order_id", "")),
        }


def _message(record: Json) -> Json:
    """Describe a message of a queue: an event that the bus has sent, or another."""
    attributes = record.get("attributes") or {}
    found = {
        "kind": "queue",
        "name": str(record.get("eventSourceARN", "")).rpartition(":")[2],
        "sent": int(attributes.get("SentTimestamp", 0)) / 1000,
        "tries": int(attributes.get("ApproximateReceiveCount", 1)),
        "message": record.get("messageId", ""),
    }
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        body = json.loads(record.get("body") or "")
        detail = body.get("detail") or {}
        names = {"trace": "trace", "correlation": "correlation_id", "key": "id", "type": "type"}
        found |= {name: str(detail[field]) for name, field in names.items() if detail.get(field)}
        found |= {"text": json.dumps(body)[:400]} if not detail else {}
    return found


def _change(record: Json) -> Json:
    """Describe a record of the table's stream."""
    image = (record.get("dynamodb") or {}).get("NewImage") or {}
    names = {"trace": "trace", "correlation": "correlation_id", "key": "event_id", "type": "event_type"}
    facts = {name: str(image[field].get("S", "")) for name, field in names.items() if field in image}
    return {"kind": "stream", "name": record.get("eventName", ""), **facts}


def _report_events() -> None:
    dispatch = eventbridge._dispatch_event  # noqa: SLF001  as above

    def dispatched(record: Json, *more: Any) -> Any:  # noqa: ANN401  as MiniStack has it
        if record.get("Source") == "lamina":
            told = {"type": record["DetailType"], "detail": record["Detail"], "at": time.time()}
            workers.tell(event=told)
        return dispatch(record, *more)

    eventbridge._dispatch_event = dispatched  # noqa: SLF001  as above


class _Mails(list[Json]):
    """The captured mails; each new one is reported."""

    def append(self, mail: Json) -> None:
        """Add a mail, and report it."""
        super().append(mail)
        workers.tell(
            mail={
                "id": str(mail["MessageId"]).partition("@")[0],
                "to": list(mail.get("To") or []),
                "subject": mail.get("Subject") or "",
                "at": mail["Timestamp"],
            }
        )


def _report_mails() -> None:
    def entries() -> list[Json]:
        found = ses._sent_emails.get("entries")  # noqa: SLF001  as above
        if not isinstance(found, _Mails):
            found = _Mails(found or [])
            ses._sent_emails["entries"] = found  # noqa: SLF001  as above
        return found

    ses._sent_emails_list = ses_v2._sent_emails_list = entries  # noqa: SLF001  as above


def _report_socket_messages() -> None:
    serve = apigateway.handle_connections_api

    async def served(method: str, api: str, stage: str, connection: str, body: bytes, headers: Json) -> Any:  # noqa: ANN401  as MiniStack has it
        answer = await serve(method, api, stage, connection, body, headers)
        if method == "POST":
            text = body.decode(errors="replace")[:LONGEST_LINE]
            workers.tell(socket={"connection": connection, "text": text, "status": answer[0], "at": time.time()})
        return answer

    apigateway.handle_connections_api = served
