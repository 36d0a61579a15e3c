"""Idempotency-Key on the POSTs that create."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from lamina.access.policy import Role
from lamina.errors import Forbidden
from lamina.http import App, Envelope, Response, idempotency
from lamina.http.idempotency import idempotent
from lamina.settings import settings
from tests.support.aws import PASSWORD, Answer, Api, Context, make_user, signed_in, table_client
from tests.unit.http.toy import CALLER, Toy, send

REGISTER = "/v1/auth/register"
KEY = {"Idempotency-Key": "4d3c2b1a"}
CI = {"name": "CI", "scopes": ["read"]}
ZOE = {"email": "zoe@example.com", "username": "zoe", "name": "Zoë", "password": "Correct-horse-1"}


def stored() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = table_client().scan(TableName=settings().table)["Items"]
    return items


def how_many(kind: str) -> int:
    return len([item for item in stored() if item.get("kind", {}).get("S") == kind])


def test_the_same_key_and_body_replay_the_first_answer_and_make_nothing_new(api: Api) -> None:
    first, again = (api.post(REGISTER, ZOE, headers=KEY) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    for header in ("ETag", "Location", "Content-Type"):
        assert first.headers[header] == again.headers[header]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert how_many("user") == 1


def test_a_replay_carries_its_own_correlation_id_and_origin(api: Api) -> None:
    api.post(REGISTER, ZOE, headers=KEY)
    again = api.post(REGISTER, ZOE, headers={**KEY, "X-Correlation-Id": "second", "Origin": "https://app.example.com"})
    assert again.headers["X-Correlation-Id"] == "second"
    assert again.headers["Access-Control-Allow-Origin"] == "https://app.example.com"


def test_the_same_body_written_in_another_way_is_the_same_body(api: Api) -> None:
    api.post(REGISTER, ZOE, headers=KEY)
    rewritten = json.dumps(dict(reversed(ZOE.items())), indent=2)
    assert api.post(REGISTER, rewritten, headers=KEY).headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("written", "again"),
    [("36", "36.0"), ("36", "3.6e1"), ("0", "-0.0"), ('{"a": 1, "b": [2.50]}', '{"b": [2.5], "a": 1.0}')],
)
def test_numbers_are_compared_by_their_value(api: Api, written: str, again: str) -> None:
    body = json.dumps({**ZOE, "metadata": {"n": "?"}})
    assert api.post(REGISTER, body.replace('"?"', written), headers=KEY).status == 201
    assert api.post(REGISTER, body.replace('"?"', again), headers=KEY).headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("written", "other"), [("1", "true"), ("1", '"1"'), ("1", "1.5"), (str(2**53), str(2**53 + 1))]
)
def test_what_is_another_value_is_another_body(api: Api, written: str, other: str) -> None:
    body = json.dumps({**ZOE, "metadata": {"n": "?"}})
    assert api.post(REGISTER, body.replace('"?"', written), headers=KEY).status == 201
    answer = api.post(REGISTER, body.replace('"?"', other), headers=KEY)
    assert answer.error["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize("change", [{"name": "Zoe"}, {"password": "Correct-horse-2"}, {"age": 7}])
def test_another_body_under_the_same_key_is_422(api: Api, change: dict[str, object]) -> None:
    api.post(REGISTER, ZOE, headers=KEY)
    answer = api.post(REGISTER, {**ZOE, **change}, headers=KEY)
    assert (answer.status, answer.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_two_callers_with_one_key_never_meet(aws: None) -> None:  # noqa: ARG001 (the table must be there)
    (one, _), (other, _) = signed_in("one", Role.ADMIN), signed_in("other", Role.ADMIN)
    assert one.post("/v1/users", ZOE, headers=KEY).status == 201
    answer = other.post("/v1/users", ZOE, headers=KEY)
    assert (answer.status, answer.error["code"]) == (409, "EMAIL_TAKEN")
    assert other.post("/v1/users", {**ZOE, "email": "z@example.com", "username": "zoe2"}, headers=KEY).status == 201


def test_two_credentials_of_one_caller_with_one_key_never_meet(aws: None) -> None:  # noqa: ARG001 (the table must be there)
    admin, user = signed_in("one", Role.ADMIN)
    other = Api(token=Api().post("/v1/auth/login", {"email": user.email, "password": PASSWORD}).data["access_token"])
    first = admin.post("/v1/api-keys", CI, headers=KEY).data
    second = other.post("/v1/api-keys", CI, headers=KEY).data
    assert first["key"] != second["key"]


@pytest.mark.usefixtures("aws")
def test_an_answer_is_replayed_to_those_alone_who_may_ask_for_it_now() -> None:
    toys = App()
    allowed = [True, True, False, True]

    @toys.authorize
    def authorize(body: Toy) -> None:
        assert body.name == "x"
        if not allowed.pop(0):
            raise Forbidden

    @toys.post("/toys", middlewares=[idempotent])
    def make_toy(body: Toy) -> Response[Envelope[Toy]]:
        return toys.respond(body, links={"self": "/toys"})

    event = Api()._event("POST", "/toys", {"name": "x"}, KEY, "")
    event["requestContext"]["authorizer"] = CALLER
    answers = [send(toys, event) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 403, 200]
    assert ["Idempotent-Replayed" in answer.headers for answer in answers] == [False, True, False, True]


def test_anonymous_callers_are_distinguished_by_their_address(api: Api) -> None:
    assert api.post(REGISTER, ZOE, headers=KEY).status == 201
    assert Api(address="203.0.113.8").post(REGISTER, ZOE, headers=KEY).status == 409


def test_one_key_serves_two_endpoints(aws: None) -> None:  # noqa: ARG001 (the table must be there)
    admin, _ = signed_in("one", Role.ADMIN)
    assert admin.post("/v1/users", ZOE, headers=KEY).status == 201
    assert Api().post(REGISTER, {**ZOE, "email": "z@example.com", "username": "zoe2"}, headers=KEY).status == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "schlüssel", "a\tb", "a\x7f", "🦊", "a, b", "a\udcffb"])
def test_a_key_that_is_not_visible_ascii_of_1_to_255_is_refused(api: Api, key: str) -> None:
    answer = api.post(REGISTER, ZOE, headers={"Idempotency-Key": key})
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert answer.error["details"][0]["field"] == "Idempotency-Key"
    assert how_many("user") == 0


@pytest.mark.parametrize("key", ["!", "a" * 255, '"8e03978e-40d5-43e8-bc93-6894a57f9324"', "~#{}|"])
def test_any_visible_ascii_key_is_taken(api: Api, key: str) -> None:
    assert api.post(REGISTER, ZOE, headers={"Idempotency-Key": key}).status == 201


def test_a_failure_is_not_kept_so_that_the_key_can_be_tried_again(api: Api) -> None:
    make_user("zoe")
    assert api.post(REGISTER, ZOE, headers=KEY).status == 409
    assert api.post(REGISTER, {**ZOE, "password": "weak"}, headers=KEY).status == 400
    assert api.post(REGISTER, {**ZOE, "email": "z@example.com", "username": "zoe2"}, headers=KEY).status == 201


def test_nothing_that_is_kept_of_a_request_lets_a_password_be_guessed(api: Api) -> None:
    api.post(REGISTER, ZOE, headers=KEY)
    (record,) = [item for item in stored() if item["pk"]["S"].startswith("IDEMPOTENCY#")]
    assert ZOE["password"] not in json.dumps(record)
    assert KEY["Idempotency-Key"] not in json.dumps(record)
    other = Api(address="203.0.113.8")
    other.post(REGISTER, {**ZOE, "email": "z@example.com", "username": "zoe2"}, headers={"Idempotency-Key": "x"})
    digests = {item["validation"]["S"] for item in stored() if "validation" in item}
    assert len(digests) == 2


def test_a_record_is_kept_for_a_day(api: Api) -> None:
    api.post(REGISTER, ZOE, headers=KEY)
    (record,) = [item for item in stored() if item["pk"]["S"].startswith("IDEMPOTENCY#")]
    assert int(record["expires_at"]["N"]) == pytest.approx(idempotency.KEPT_SECONDS + time.time(), abs=5)


def test_a_twin_of_a_request_that_is_still_running_is_409(aws: None) -> None:  # noqa: ARG001 (the table must be there)
    toys = App(public=True)
    answers: list[Answer] = []

    def ask() -> Answer:
        return send(toys, Api()._event("POST", "/toys", {"name": "x"}, KEY, ""))

    @toys.post("/toys", middlewares=[idempotent])
    def make_toy(body: Toy) -> Response[Envelope[Toy]]:
        mine = toys.incoming
        answers.append(ask())
        toys.incoming = mine
        return toys.respond(body, links={"self": "/toys"})

    assert ask().status == 200
    assert (answers[0].status, answers[0].error["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")


def test_a_retry_after_the_answer_was_lost_finds_the_user_that_was_made(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="")

    def over(_: Context) -> int:
        return -1000

    monkeypatch.setattr(Context, "get_remaining_time_in_millis", over)
    with monkeypatch.context() as broken:
        broken.setattr(idempotency._store, "_update_record", fail)
        assert api.post(REGISTER, ZOE, headers=KEY).status == 503
    retried = api.post(REGISTER, ZOE, headers=KEY)
    assert retried.status == 201
    assert retried.data["username"] == "zoe"
    assert how_many("user") == 1


def test_without_a_key_every_request_is_its_own(api: Api) -> None:
    ask: Callable[[], Answer] = lambda: api.post(REGISTER, ZOE)  # noqa: E731 (said once)
    assert [ask().status, ask().status] == [201, 409]
    assert not [item for item in stored() if item["pk"]["S"].startswith("IDEMPOTENCY#")]
