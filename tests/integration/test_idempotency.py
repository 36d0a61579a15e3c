"""The same idempotency key, many times at once and after a crash, on every engine."""

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints

import pytest

from docs.build.openapi.endpoints import Endpoint, endpoints
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.http import Response, idempotency
from lamina.http.idempotency import idempotent
from lamina.http.request import Request
from lamina.settings import settings
from lamina.storage import run_once, transactions
from lamina.strict_json import as_json
from lamina.users import service
from lamina.users.items import UserItem
from lamina.users.service import NewUser
from tests.integration.crowd import CROWD, at_once
from tests.integration.engines import Engine
from tests.support.aws import Answer, Api, Context, answer_of, invoke
from tests.support.samples import sample, store_samples
from tests.support.templates import functions

pytestmark = pytest.mark.usefixtures("table")

BODY = {"email": "ann@example.com", "username": "ann", "name": "Ann", "password": "Correct-horse-1"}
KEY = {"Idempotency-Key": "order-66"}
LONGEST_WAIT_SECONDS = 10.0


class Killed(BaseException):
    """The end of the process, which nothing in it can catch."""


def endpoint(request: Request) -> Response[str]:
    """Create a user as an endpoint does; handlers themselves serve one request at a time, as Lambda calls them."""
    new = NewUser(email="ann@example.com", username="ann", name="Ann")
    user = service.create(new, RequestContext(None, "test", request.idempotent_name))
    return Response(201, body=user.id, headers={"Location": f"/v1/users/{user.id}"})


def request_of(address: str = "203.0.113.7") -> Request:
    return Request(
        {
            "httpMethod": "POST",
            "path": "/v1/users",
            "headers": KEY,
            "body": json.dumps(BODY),
            "requestContext": {"identity": {"sourceIp": address}},
        }
    )


def call(address: str = "203.0.113.7") -> Response[str]:
    app: Any = SimpleNamespace(incoming=request_of(address), lambda_context=Context())
    return idempotent(app, lambda _: endpoint(app.incoming))


def test_the_same_key_many_times_at_once_makes_one_user() -> None:
    results = at_once(lambda _: call())
    answers = [result for result in results if isinstance(result, Response)]
    refusals = [result for result in results if not isinstance(result, Response)]
    assert {getattr(refusal, "code", refusal) for refusal in refusals} <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert len(answers) + len(refusals) == CROWD
    (user,) = UserItem.scan(consistent_read=True)
    assert {answer.body for answer in answers} == {user.pk.removeprefix("USER#")}
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert len(list(OutboxItem.query(user.pk, OutboxItem.sk.startswith("EVENT#")))) == 1
    later = call()
    assert (later.body, later.headers["Idempotent-Replayed"]) == (answers[0].body, "true")


def test_the_same_key_of_somebody_else_is_another_key() -> None:
    call()
    with pytest.raises(Exception, match="is already in use"):
        call(address="198.51.100.9")


def creates(endpoint: Endpoint) -> bool:
    """Whether an endpoint answers something that was not there before."""
    answered = get_type_hints(endpoint.route.func)["return"]
    return endpoint.method == "POST" and endpoint.status in (201, 202) and get_args(answered) != (type(None),)


IDEMPOTENT = {f"{each.folder}/{each.file}": each for each in endpoints() if each.idempotent}
MAKES_NOTHING_NEW = {"webhooks/redeliver"}
"""What is sent again bears the id that it had, so that its receiver knows it."""


def test_whatever_creates_something_takes_an_idempotency_key() -> None:
    creating = {f"{each.folder}/{each.file}" for each in endpoints() if creates(each)}
    assert creating - MAKES_NOTHING_NEW <= IDEMPOTENT.keys(), "give its route middlewares=[idempotent]"


def after_the_transaction(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(transactions, "_commit", _commit_and_die)


def before_the_record(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(idempotency._store, "save_success", _die)


@pytest.mark.parametrize("death", [after_the_transaction, before_the_record])
@pytest.mark.parametrize("place", IDEMPOTENT)
def test_the_retry_after_a_crash_answers_what_was_made_and_makes_nothing(
    place: str, death: Callable[[pytest.MonkeyPatch], None], table: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_samples()
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: -1000)
    answered: list[str] = []
    write: Any = as_json

    def note(body: object, **how: bool) -> str:
        text: str = write(body, **how)
        if not how:  # a response, not the digest of a request
            answered.append(text)
        return text

    monkeypatch.setattr(idempotency, "as_json", note)
    before = stored(table)
    with monkeypatch.context() as patched:
        death(patched)
        with pytest.raises(Killed):
            ask(place)
    made = stored(table)
    assert made != before
    retried = ask(place)
    assert retried.status == IDEMPOTENT[place].status
    assert "Idempotent-Replayed" not in retried.headers
    assert stored(table) == made
    # After the transaction alone nobody has seen an answer yet.
    assert [json.loads(each) for each in answered] == [retried.json] * len(answered)
    again = ask(place)
    assert (again.status, again.body) == (retried.status, retried.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    for name in {"Location", "ETag"} & retried.headers.keys():
        assert again.headers[name] == retried.headers[name]


@pytest.mark.parametrize("place", sorted(IDEMPOTENT.keys() - {"auth/register", "products/create", "users/create"}))
def test_the_same_key_a_day_later_is_a_new_request(place: str, table: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    store_samples()
    first = ask(place)
    # The table takes its time to remove what is over.
    monkeypatch.setattr(run_once, "RETRIED_SECONDS", -1)
    for pk, sk in stored(table, records=True).keys() - stored(table).keys():
        table.client().delete_item(TableName=settings().table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    before = stored(table)
    second = ask(place)
    assert second.status == first.status
    assert second.json != first.json
    assert len(stored(table)) > len(before)


def ask(place: str) -> Answer:
    """Send the sample request of an endpoint, with an idempotency key."""
    event = sample(place)
    event["headers"] |= KEY
    event["multiValueHeaders"] |= {name: [value] for name, value in KEY.items()}
    return answer_of(invoke(next(each for each in functions() if each.place == place), event))


def stored(table: Engine, *, records: bool = False) -> dict[tuple[str, str], Any]:
    """Everything in the table by key, but the records of answers unless they are wanted."""
    items = table.client().scan(TableName=settings().table, ConsistentRead=True)["Items"]
    found = {(item["pk"]["S"], item["sk"]["S"]): item for item in items}
    return {place: item for place, item in found.items() if records or place[1] != "IDEMPOTENCY"}


def test_a_process_killed_between_its_work_and_its_record_leaves_one_user_that_the_retry_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(transactions, "_commit", _commit_and_die)
        patched.setattr(Context, "get_remaining_time_in_millis", lambda _: 200)
        with pytest.raises(Killed):
            Api().post("/v1/auth/register", BODY, headers=KEY)
    (user,) = UserItem.scan(consistent_read=True)
    answer = _retry_until_the_first_counts_as_dead()
    assert (answer.status, answer.data["id"]) == (201, user.pk.removeprefix("USER#"))
    assert answer.headers["Location"].endswith(answer.data["id"])
    again = Api().post("/v1/auth/register", BODY, headers=KEY)
    assert (again.status, again.data, again.headers["Idempotent-Replayed"]) == (201, answer.data, "true")
    assert len(list(UserItem.scan(consistent_read=True))) == 1
    signed_in = Api().post("/v1/auth/login", {"email": BODY["email"], "password": BODY["password"]})
    assert signed_in.status == 200


_commit = transactions._commit


def _commit_and_die(*changes: Any) -> None:
    _commit(*changes)
    raise Killed


def _die(**_: object) -> None:
    raise Killed


def _retry_until_the_first_counts_as_dead() -> Answer:
    """Retry as a client does that is told that the first is still running: until its time is over."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        answer = Api().post("/v1/auth/register", BODY, headers=KEY)
        if answer.status != 409 or answer.error["code"] != "IDEMPOTENCY_IN_PROGRESS":
            return answer
        assert time.monotonic() < deadline
        time.sleep(0.05)
