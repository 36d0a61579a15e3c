"""The same idempotency key, many times at once and after a crash, on every engine."""

import json
import time
from typing import Any

import pytest

from lamina.events.cause import Cause
from lamina.events.outbox import OutboxItem
from lamina.http.idempotency import idempotent
from lamina.http.request import Request
from lamina.storage import transactions
from lamina.users import service
from lamina.users.items import UserItem
from lamina.users.service import NewUser
from tests.aws import Answer, Api, Context
from tests.integration.crowd import CROWD, at_once

pytestmark = pytest.mark.usefixtures("table")

BODY = {"email": "ann@example.com", "username": "ann", "name": "Ann", "password": "Correct-horse-1"}
KEY = {"Idempotency-Key": "order-66"}
LONGEST_WAIT_SECONDS = 10.0


class Killed(BaseException):
    """The end of the process, which nothing in it can catch."""


def endpoint(request: Request) -> dict[str, Any]:
    """Make a user as an endpoint does; handlers themselves serve one request at a time, as Lambda calls them."""
    new = NewUser(email="ann@example.com", username="ann", name="Ann")
    user = service.create(new, Cause(None, "test", request.fingerprint))
    return {"statusCode": 201, "multiValueHeaders": {"Location": [f"/v1/users/{user.id}"]}, "body": user.id}


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


def call(address: str = "203.0.113.7") -> dict[str, Any]:
    request = request_of(address)
    return idempotent(request, Context(), lambda: endpoint(request))  # type: ignore[arg-type]  # what is read is there


def test_the_same_key_many_times_at_once_makes_one_user() -> None:
    results = at_once(lambda _: call())
    answers = [result for result in results if isinstance(result, dict)]
    refusals = [result for result in results if not isinstance(result, dict)]
    assert {getattr(refusal, "code", refusal) for refusal in refusals} <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert len(answers) + len(refusals) == CROWD
    (user,) = UserItem.scan(consistent_read=True)
    assert {answer["body"] for answer in answers} == {user.pk.removeprefix("USER#")}
    assert sum("Idempotent-Replayed" not in answer["multiValueHeaders"] for answer in answers) == 1
    assert len(list(OutboxItem.query(user.pk, OutboxItem.sk.startswith("EVENT#")))) == 1
    later = call()
    assert (later["body"], later["multiValueHeaders"]["Idempotent-Replayed"]) == (answers[0]["body"], ["true"])


def test_the_same_key_of_somebody_else_is_another_key() -> None:
    call()
    with pytest.raises(Exception, match="belongs to another account"):
        call(address="198.51.100.9")


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


def _retry_until_the_first_counts_as_dead() -> Answer:
    """Retry as a client does that is told that the first is still running: until its time is over."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        answer = Api().post("/v1/auth/register", BODY, headers=KEY)
        if answer.status != 409 or answer.error["code"] != "IDEMPOTENCY_IN_PROGRESS":
            return answer
        assert time.monotonic() < deadline
        time.sleep(0.05)
