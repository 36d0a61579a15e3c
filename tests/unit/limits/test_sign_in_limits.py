"""By these limits a stranger can neither guess on nor lock somebody out."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lamina.limits import window
from lamina.settings import settings
from tests.aws import PASSWORD, Answer, Api, make_user
from tests.people import Clock, Person, activities, login, person

EMAIL = "ann@example.com"
WRONG = "Wrong-horse-1"

pytestmark = pytest.mark.usefixtures("aws", "clock")


def fail(times: int, address: str = "203.0.113.7", email: str = EMAIL) -> list[int]:
    return [login(email, WRONG, address=address).status for _ in range(times)]


def lock_by_strangers(email: str = EMAIL) -> None:
    for number in range(50):
        assert fail(1, f"198.51.100.{number}", email) == [401]


def device_cookie(answer: Answer) -> str:
    return answer.headers["Set-Cookie"].partition(";")[0]


def test_the_sixth_try_is_429_with_headers_that_say_when_to_come_back(clock: Clock) -> None:
    make_user("ann")
    assert fail(5) == [401] * 5
    refused = login(EMAIL)
    assert (refused.status, refused.error["code"]) == (429, "RATE_LIMITED")
    headers = refused.headers
    assert (headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == ("5", "0")
    assert headers["Retry-After"] == headers["RateLimit-Reset"]
    wait = int(headers["Retry-After"])
    assert 900 <= wait <= 915
    clock.forward(wait - 1)
    assert login(EMAIL).status == 429
    clock.forward(1)
    assert login(EMAIL).status == 200


def test_an_unknown_account_is_limited_alike() -> None:
    assert fail(6, email="nobody@example.com") == [401] * 5 + [429]


def test_an_account_is_the_same_in_whatever_case() -> None:
    make_user("ann")
    assert fail(3) + fail(3, email=EMAIL.upper()) == [401] * 5 + [429]


def test_a_success_clears_the_failures_from_here() -> None:
    make_user("ann")
    for _ in range(3):
        assert fail(4) == [401] * 4
        assert login(EMAIL).status == 200
    assert fail(6) == [401] * 5 + [429]


def test_successes_are_not_counted() -> None:
    make_user("ann")
    assert {login(EMAIL).status for _ in range(12)} == {200}
    assert fail(5) == [401] * 5


def test_a_success_with_one_account_does_not_clear_the_failures_with_another() -> None:
    make_user("ann")
    make_user("eve")
    assert fail(5) == [401] * 5
    assert login("eve@example.com").status == 200
    assert fail(1) == [429]


def test_fifty_failures_shut_an_address_out_whatever_the_account() -> None:
    make_user("ann")
    for number in range(50):
        assert fail(1, email=f"guess{number}@example.com") == [401]
    refused = login(EMAIL)
    assert (refused.status, refused.headers["RateLimit-Limit"]) == (429, "50")
    assert login(EMAIL, address="203.0.113.8").status == 200


def test_an_ipv6_network_is_one_address() -> None:
    make_user("ann")
    statuses = [fail(1, f"2001:db8:0:1::{number}")[0] for number in range(6)]
    assert statuses == [401] * 5 + [429]
    assert fail(1, "2001:db8:0:2::1") == [401]


def test_strangers_do_not_lock_out_a_known_address() -> None:
    ann = person("ann")
    lock_by_strangers()
    assert fail(1, "198.51.100.77") == [429]
    assert login(EMAIL, address="198.51.100.77").status == 429
    assert login(EMAIL).status == 200
    assert ann.is_signed_in()


def test_strangers_do_not_lock_out_a_known_device_wherever_it_is() -> None:
    make_user("ann")
    cookie = device_cookie(login(EMAIL, address="192.0.2.1"))
    lock_by_strangers()
    assert login(EMAIL, address="192.0.2.200").status == 429
    assert login(EMAIL, address="192.0.2.200", cookie=cookie).status == 200
    assert login(EMAIL, address="192.0.2.201", cookie=cookie[:-1]).status == 429


def test_a_known_device_cannot_guess_on_either() -> None:
    make_user("ann")
    cookie = device_cookie(login(EMAIL, address="192.0.2.1"))
    lock_by_strangers()
    statuses = [login(EMAIL, WRONG, address="192.0.2.1", cookie=cookie).status for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_a_device_of_one_account_is_a_stranger_to_another() -> None:
    make_user("ann")
    make_user("eve")
    cookie = device_cookie(login("eve@example.com", address="192.0.2.1"))
    lock_by_strangers()
    assert login(EMAIL, address="192.0.2.1", cookie=cookie).status == 429


def test_an_unknown_account_is_locked_alike() -> None:
    lock_by_strangers("nobody@example.com")
    assert fail(1, "198.51.100.77", "nobody@example.com") == [429]


def test_a_refused_try_writes_nothing_and_hashes_nothing() -> None:
    make_user("ann")
    fail(5)
    before = counted()
    assert login(EMAIL).status == 429
    assert counted() == before


def counted() -> list[Any]:
    """Everything in the table but the window of anonymous requests, which counts each."""
    items = boto3.client("dynamodb").scan(TableName=settings().table)["Items"]
    return sorted(json.dumps(item, sort_keys=True) for item in items if "LIMIT#anonymous" not in item["pk"]["S"])


def test_failures_and_the_lock_out_are_told(security_log: Callable[[], list[dict[str, Any]]]) -> None:
    user = make_user("ann")
    fail(6)
    told = activities(user.id)
    assert (told.count("sign_in.failed"), told.count("account.locked")) == (5, 1)
    names = [line["security_event"] for line in security_log()]
    assert (names.count("sign_in.failed"), names.count("account.locked")) == (5, 1)
    assert EMAIL not in str(security_log())


@pytest.mark.parametrize("path", ["/v1/auth/forgot-password", "/v1/auth/resend-verification"])
def test_the_sixth_mail_in_the_window_is_refused_for_every_address(path: str) -> None:
    make_user("ann")
    for email in (EMAIL, "nobody@example.com"):
        answers = [Api().post(path, {"email": email}) for _ in range(6)]
        assert [answer.status for answer in answers] == [202] * 5 + [429]
        assert answers[-1].headers["Retry-After"]


def test_every_answer_tells_what_remains() -> None:
    anonymous = login("nobody@example.com")
    ann = person("ann")
    answer = ann.api.get("/v1/users/me")
    assert anonymous.headers["RateLimit-Limit"] == "100"
    assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]) == ("1000", "999")
    assert int(answer.headers["RateLimit-Reset"]) > 0


def test_whoever_is_anonymous_is_counted_by_address_and_a_caller_by_user() -> None:
    ann = person("ann")
    answers = [Api("192.0.2.9").get("/v1/users/me") for _ in range(101)]
    assert [answer.status for answer in answers[99:]] == [401, 429]
    assert answers[-1].headers["Retry-After"]
    assert Api("192.0.2.10").get("/v1/users/me").status == 401
    assert Api("192.0.2.9", token=ann.api.token).get("/v1/users/me").status == 200


def test_no_header_moves_a_client_elsewhere() -> None:
    def ask(number: int) -> int:
        spoofed = {"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}", "X-Real-IP": "10.1.1.1"}
        return Api().get("/v1/users/me", headers=spoofed).status

    assert [ask(number) for number in range(101)] == [401] * 100 + [429]


class TestWhenTheTableRefuses:
    """Reads go on uncounted; nobody signs in uncounted."""

    @pytest.fixture
    def ann(self, aws: None) -> Person:  # noqa: ARG002 (the table must be there)
        return person("ann")

    @pytest.fixture(params=["throttled", "away"])
    def broken(self, request: pytest.FixtureRequest, ann: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
        error: Exception = EndpointConnectionError(endpoint_url="http://table")
        if request.param == "throttled":
            response: Any = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}
            error = ClientError(response, "UpdateItem")

        def refuse(*_: object) -> None:
            raise error

        monkeypatch.setattr(window, "_add", refuse)
        return ann

    def test_reads_go_on_and_an_alarm_metric_is_logged(self, broken: Person, caplog: pytest.LogCaptureFixture) -> None:
        answer = broken.api.get("/v1/users/me")
        assert answer.status == 200
        assert "RateLimit-Limit" not in answer.headers
        assert [vars(line)["metric"] for line in caplog.records if "metric" in vars(line)] == ["RateLimitUnavailable"]

    @pytest.mark.usefixtures("broken")
    def test_nobody_signs_in(self) -> None:
        answer = login(EMAIL, PASSWORD)
        assert (answer.status, answer.error["code"]) == (503, "UNAVAILABLE")
        assert answer.headers["Retry-After"]

    @pytest.mark.usefixtures("broken")
    def test_no_mail_is_asked_for(self) -> None:
        assert Api().post("/v1/auth/forgot-password", {"email": EMAIL}).status == 503
