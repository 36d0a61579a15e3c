"""What the console keeps and makes of it: the journal, exchanges without secrets, and the life of a request."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local.console import journal as journals
from local.console import life, requests
from local.console.exchange import (
    HIDDEN,
    body_without_secrets,
    headers_without_secrets,
    hidden,
    path_without_secrets,
)
from local.console.journal import Entry, Journal
from local.console.recorder import Recorder

TRACE = "1-6b0c0709-ba2b68abf32b567c6004f019"
HEADER = f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1"
START = 1_790_000_000.0
REQUEST = Entry(
    "request", {"method": "POST", "path": "/v1/users", "status": 201, "ms": 12.5, "client": "", "credential": ""}
)


def request_to(path: str, status: int = 200, method: str = "GET", at: float = START) -> Entry:
    content = {**REQUEST.content, "path": path, "status": status, "method": method}
    return Entry("request", content, TRACE, f"of {path}", at=at)


def segment(name: str, start: float, end: float, parent: str = "", **more: Any) -> dict[str, Any]:
    times = {"start_time": START + start, "end_time": START + end}
    return {"name": name, "id": f"id-{name}-{start}", "trace_id": TRACE, "parent_id": parent, **times, **more}


def invocation(function: str, start: float, end: float, *sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    times = {"started": START + start, "ended": START + end, "loaded": 0.0}
    told = {
        "function": function,
        "request": f"of {function}",
        **times,
        "error": "",
        "sources": list(sources),
        "log": [],
    }
    return {"invocation": {**told, **more}}


@pytest.fixture
def journal() -> Iterator[Journal]:
    with closing(Journal(None)) as opened:
        yield opened


@pytest.fixture
def recorder(journal: Journal) -> Recorder:
    return Recorder(journal, lambda physical: physical)


def test_entries_are_kept_across_restarts_and_numbered_on(tmp_path: Path) -> None:
    file = tmp_path / "console.sqlite"
    with closing(Journal(file)) as first:
        first.add(request_to("/a"))
    with closing(Journal(file)) as again:
        assert [entry.content["path"] for entry in again.select("kind = 'request'")] == ["/a"]
        assert again.add(request_to("/b")).number == again.newest == 2


def test_a_file_that_is_no_database_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "console.sqlite"
    file.write_bytes(b"not a database" * 1000)
    with closing(Journal(file)) as replaced:
        assert replaced.newest == 0
        assert replaced.rows("pragma integrity_check") == [("ok",)]


def test_the_oldest_entries_go(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "KEPT", 5)
    monkeypatch.setattr(journals, "PRUNED_EVERY", 10)
    for number in range(10):
        journal.add(request_to(f"/{number}"))
    assert [entry.number for entry in journal.select("true")] == [6, 7, 8, 9, 10]


def test_a_follower_gets_each_new_entry_until_it_leaves(journal: Journal) -> None:
    got: list[Entry] = []
    with journal.followed(got.append):
        journal.add(request_to("/a"))
    journal.add(request_to("/b"))
    assert [entry.content["path"] for entry in got] == ["/a"]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Bearer abc", f"Bearer {HIDDEN}"),
        ("X-API-Key", "lam_123", HIDDEN),
        ("Cookie", "device=1", HIDDEN),
        ("Location", "/x?token=abc&n=1", f"/x?token={HIDDEN}&n=1"),
        ("Accept", "*/*", "*/*"),
    ],
)
def test_credentials_in_headers_are_hidden(name: str, value: str, shown: str) -> None:
    assert headers_without_secrets([(name, value)]) == [[name, shown]]


def test_secrets_in_bodies_and_paths_are_hidden_and_the_rest_is_left() -> None:
    sent = {"email": "a@example.com", "password": "x", "lines": [{"client_secret": "y", "token_type": "Bearer"}]}
    error = {"error": {"code": "NOT_FOUND"}, "code": "123456"}
    shown = json.loads(body_without_secrets(json.dumps([sent, error]).encode(), "application/json")["text"])
    lines = [{"client_secret": HIDDEN, "token_type": "Bearer"}]
    assert shown[0] == {"email": "a@example.com", "password": HIDDEN, "lines": lines}
    assert shown[1] == {"error": {"code": "NOT_FOUND"}, "code": HIDDEN}
    form = body_without_secrets(b"client_secret=x&grant_type=y&secret=z", "application/x-www-form-urlencoded")
    assert form["text"] == f"client_secret={HIDDEN}&grant_type=y&secret={HIDDEN}"
    assert path_without_secrets("/verify-email?token=abc") == f"/verify-email?token={HIDDEN}"


def test_what_is_no_text_or_too_long_has_its_size_only() -> None:
    assert body_without_secrets(b"\x00\x01", "image/webp") == {"size": 2}
    assert body_without_secrets(b"x" * 100_000, "application/json") == {"size": 100_000}
    assert body_without_secrets(b"Hello", "text/plain") == {"size": 5, "text": "Hello"}


@pytest.mark.parametrize("body", ['{"password": "Correct-horse-1"', "[" * 10_000, "[" * 5_000 + "]" * 5_000])
def test_a_body_that_cannot_be_read_is_not_shown(body: str) -> None:
    assert body_without_secrets(body.encode(), "application/json") == {"size": len(body)}


def test_what_is_nested_too_deep_is_hidden() -> None:
    nested: list[object] = []
    for _ in range(5_000):
        nested = [nested]
    assert hidden({"payload": nested}) == HIDDEN


def test_requests_are_found_by_words_method_and_status(journal: Journal) -> None:
    for number, entry in enumerate(
        [request_to("/v1/users"), request_to("/v1/posts", 404), request_to("/x_y", 201, "POST")]
    ):
        journal.add(Entry(entry.kind, entry.content, entry.trace, entry.correlation, at=START + number))

    def paths(**query: str) -> list[str]:
        return [item["path"] for item in requests.listed(journal, query)["items"]]

    assert paths() == ["/x_y", "/v1/posts", "/v1/users"]
    assert paths(q="v1 users") == ["/v1/users"]
    assert paths(q="x_y") == ["/x_y"]
    assert paths(q="v_") == []
    assert paths(q="of /v1/posts") == ["/v1/posts"]
    assert paths(method="POST") == ["/x_y"]
    assert paths(status="4") == ["/v1/posts"]
    assert paths(before=str(START + 1)) == ["/v1/users"]


def lived(recorder: Recorder, identifier: str = "mine") -> dict[str, dict[str, Any]]:
    """The rows of a life, by name."""
    found = life.of(recorder.journal, identifier)
    assert found
    return {span["name"]: span for span in found["spans"]}


def record_request(recorder: Recorder) -> None:
    """A request: the authorizer, then the handler, which starts a process and writes."""
    gateway, handled = segment("gateway", 0, 1, http={"response": {"status": 201}}), segment("## _handle", 0.5, 0.9)
    handled |= {"parent_id": gateway["id"], "annotations": {"correlation_id": "mine", "route": "POST /v1/users"}}
    write = segment("DynamoDB", 0.6, 0.7, handled["id"], namespace="aws")
    write["aws"] = {"operation": "TransactWriteItems", "item_kinds": ["USER/USER"], "consumed_capacity": 4.0}
    limit = segment("DynamoDB", 0.05, 0.06, gateway["id"], namespace="aws", aws={"operation": "UpdateItem"})
    keys = [{"action": "Put", "pk": "USER#1", "sk": "USER"}]
    recorder.calls({"trace": HEADER, "started": START + 0.6, "operation": "TransactWriteItems", "items": keys})
    for document in (write, handled, limit, gateway):
        recorder.segment(document)
    recorder.told(invocation("Authorizer", 0.01, 0.2, {"kind": "authorizer", "trace": HEADER}))
    line = {"level": "INFO", "message": "request", "correlation_id": "mine", "timestamp": "2026-09-21T14:13:20.800Z"}
    created = invocation("CreateUserFunction", 0.2, 0.95, {"kind": "api", "trace": HEADER}, loaded=START + 0.5)
    recorder.told({"invocation": {**created["invocation"], "log": [json.dumps(line), "printed"]}})


def test_a_life_has_the_request_its_authorizer_its_handler_and_what_that_wrote(recorder: Recorder) -> None:
    record_request(recorder)
    rows = lived(recorder)
    gateway, handler, write = rows["API Gateway"], rows["CreateUser"], rows["TransactWriteItems"]
    assert (gateway["kind"], gateway["detail"]) == ("gateway", "response 201")
    assert (rows["Authorizer"]["kind"], rows["Authorizer"]["parent"]) == ("authorizer", gateway["id"])
    assert (handler["kind"], handler["parent"], handler["phases"][0]["kind"]) == ("handler", gateway["id"], "init")
    assert write["parent"] == handler["id"]
    assert write["items"] == [{"action": "Put", "pk": "USER#1", "sk": "USER"}]
    assert ("write units", 4.0) in write["facts"]
    assert rows["UpdateItem"]["parent"] == rows["Authorizer"]["id"]
    assert rows["request"]["parent"] == rows["printed"]["parent"] == handler["id"]


def record_event(recorder: Recorder) -> None:
    """An event of the request, on the bus and then in the queue of a consumer that fails and sends a mail again."""
    published = segment("PublishChangesFunction", 1.1, 1.2, "id-## _handle-0.5", origin="AWS::Lambda::Function")
    published["annotations"] = {"correlation_id": "mine", "event_type": "user.created"}
    recorder.segment(published)
    change = {"kind": "stream", "trace": HEADER, "key": "e1", "type": "user.created", "correlation": "mine"}
    recorder.told(invocation("PublishChangesFunction", 1.05, 1.25, change))
    detail = {"id": "e1", "type": "user.created", "correlation_id": "mine", "trace": HEADER, "subject": "1"}
    recorder.told({"event": {"type": "user.created", "detail": json.dumps(detail), "at": START + 1.15}})
    message = {"kind": "queue", "name": "mails", "sent": START + 1.2, "tries": 2, "trace": HEADER, "key": "e1"}
    recorder.told(invocation("SendMailFunction", 1.5, 2.0, message))
    consumed = segment("SendMailFunction", 1.55, 1.95, published["id"], origin="AWS::Lambda::Function", fault=True)
    consumed["annotations"] = {"correlation_id": "mine", "event_id": "e1", "event_type": "user.created"}
    recorder.segment(consumed)
    recorder.segment(segment("SESv2", 1.6, 1.7, consumed["id"], namespace="aws", aws={"operation": "SendEmail"}))
    recorder.told({"mail": {"id": "m1", "to": ["a@example.com"], "subject": "Welcome", "at": START + 1.65}})
    message = {"payload": {"extensions": {"event": {"id": "e1"}}}, "type": "next"}
    told = {"connection": "c1", "text": json.dumps(message), "status": 200, "at": START + 1.8}
    recorder.told({"socket": told})
    recorder.failure(
        {"error": "ValueError: x", "place": "functions/a.py:3", "trace": "Traceback"}, "of SendMailFunction"
    )


def test_a_life_goes_on_with_the_event_its_consumers_mails_and_messages(recorder: Recorder) -> None:
    record_request(recorder)
    record_event(recorder)
    rows = lived(recorder)
    event, consumer = rows["user.created"], rows["SendMail"]
    assert (event["kind"], event["parent"], event["link"]) == ("event", rows["CreateUser"]["id"], "/_local/events/e1")
    assert "PublishChanges" not in rows
    assert (consumer["parent"], consumer["status"]) == (event["id"], "error")
    assert [phase["kind"] for phase in consumer["phases"]] == ["queue"]
    assert ("attempt", 2) in consumer["facts"]
    assert (rows["Welcome"]["kind"], rows["Welcome"]["parent"]) == ("mail", consumer["id"])
    assert rows["Welcome"]["link"] == "/_local/mail/m1"
    assert rows["Socket message next"]["parent"] == event["id"]
    assert rows["ValueError: x"]["parent"] == consumer["id"]
    sums = life.of(recorder.journal, TRACE)
    assert sums
    assert {name: sums["sums"][name] for name in ("events", "mails", "invocations")} == {
        "events": 1,
        "mails": 1,
        "invocations": 4,
    }


def test_the_steps_of_an_order_are_below_what_started_them(recorder: Recorder) -> None:
    starting = segment(
        "StartSagaFunction", 0, 1, origin="AWS::Lambda::Function", annotations={"correlation_id": "mine"}
    )
    recorder.segment(starting)
    started = segment("SFN", 0.5, 0.6, starting["id"], namespace="aws", aws={"operation": "StartExecution"})
    recorder.segment(started)
    recorder.told(invocation("ReserveStockFunction", 2, 3, {"kind": "task", "correlation": "mine"}))
    rows = lived(recorder)
    assert rows["State machine"]["parent"] == starting["id"]
    assert rows["ReserveStock"]["parent"] == rows["State machine"]["id"]


def test_nothing_is_known_of_an_id_that_was_not_there(journal: Journal) -> None:
    assert life.of(journal, "nobody") is None
    assert life.of(journal, TRACE) is None
