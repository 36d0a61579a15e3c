"""By these limits a stranger can neither guess on nor lock somebody out."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lamina.limits import rules, window
from lamina.limits.window import Limit
from lamina.settings import settings
from tests.support.aws import PASSWORD, Answer, Api, make_user, table_client
from tests.support.people import Clock, Mailbox, Person, Work, activities, login, person, prove, verified

EMAIL = "ann@example.com"
WRONG = "Wrong-horse-1"

pytestmark = pytest.mark.usefixtures("aws", "clock")


def fail(times: int, address: str = "203.0.113.7", email: str = EMAIL) -> list[int]:
    return [login(email, WRONG, address=address).status for _ in range(times)]


def lock_by_strangers(email: str = EMAIL) -> None:
    for number in range(50):
        assert fail(1, f"198.51.100.{number}", email) == [401]


def lock(email: str = EMAIL) -> None:
    """Do as if strangers had failed, which takes its time."""
    for _ in range(50):
        window.spend(rules.ACCOUNT, email)


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


@pytest.mark.parametrize(("network", "most"), [("2001:db8:0:{:x}::1", 10), ("2001:db8:0:{:x}00::1", 20)])
def test_wider_ipv6_networks_have_their_own_limits(network: str, most: int) -> None:
    """A /56 has twice the tries of a /64, a /48 four times: not 256 times, and not 65,536 times."""
    make_user("ann")
    statuses = [fail(1, network.format(number))[0] for number in range(1, most + 2)]
    assert statuses == [401] * most + [429]
    assert fail(1, "2001:db8:1::1") == [401]


def test_one_site_cannot_lock_an_account() -> None:
    make_user("ann")
    for number in range(1, 60):
        fail(1, f"2001:db8:0:{number:x}::1")
    assert login(EMAIL, address="192.0.2.1").status == 200


def test_anonymous_requests_of_an_ipv6_site_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "ANONYMOUS", Limit("anonymous", 2))
    statuses = [Api(f"2001:db8:0:{number:x}00::1").get("/v1/users/me").status for number in range(10)]
    assert statuses == [401] * 8 + [429] * 2
    assert Api("2001:db8:1::1").get("/v1/users/me").status == 401


def test_a_known_address_is_a_network_of_ipv6() -> None:
    make_user("ann")
    assert login(EMAIL, address="2001:db8::1").status == 200
    lock()
    assert login(EMAIL, address="2001:db8::abcd:2").status == 200
    assert login(EMAIL, address="2001:db8:0:1::1").status == 429


def test_the_refusal_of_a_locked_account_names_the_ways_in_and_they_are_open(mailbox: Mailbox) -> None:
    verified(make_user("ann"))
    lock()
    refused = login(EMAIL, address="192.0.2.1")
    assert refused.status == 429
    assert "/v1/auth/sign-in-link" in refused.error["message"]
    assert login("nobody@example.com", address="192.0.2.1").status == 401
    assert Api().post("/v1/auth/sign-in-link", {"email": EMAIL}).status == 202
    link = {"token": mailbox.token(EMAIL, "sign_in_link")}
    assert Api("192.0.2.1").post("/v1/auth/sign-in-link/redeem", link).status == 200
    assert login(EMAIL, address="192.0.2.1").status == 200  # known now


def test_the_second_factor_is_a_way_into_a_locked_account(clock: Clock) -> None:
    ann = person("ann")
    ann.enroll()
    clock.forward(30)
    lock()
    assert login(EMAIL, WRONG, address="192.0.2.1").status == 429
    answer = login(EMAIL, address="192.0.2.1")
    assert answer.error["code"] == "MFA_REQUIRED"
    assert prove(answer.error["mfa_token"], ann.codes[0], address="192.0.2.1").status == 200


def test_refused_tries_of_one_address_do_not_lock_an_account_however_they_are_timed(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is counted for the account and taken back; between the two, the slot of the window moves on."""
    make_user("ann")
    answers = [login(EMAIL, WRONG).status for _ in range(5)]
    refund = window.refund

    def late(limit: Limit, subject: str) -> None:
        clock.forward(limit.slot_seconds if limit == rules.ACCOUNT else 0)
        refund(limit, subject)

    monkeypatch.setattr(window, "refund", late)
    answers += [login(EMAIL, WRONG).status for _ in range(50)]
    assert answers == [401] * 5 + [429] * 50
    assert login(EMAIL, address="192.0.2.1").status == 200


def test_whoever_guesses_at_a_locked_account_is_counted_for_the_address() -> None:
    make_user("ann")
    lock()
    answers = [login(EMAIL, password, address="192.0.2.1") for password in (WRONG, PASSWORD) * 3]
    assert {answer.status for answer in answers} == {429}
    assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["50"] * 5 + ["5"]


def test_a_locked_account_costs_the_same_whether_it_exists(work: Work) -> None:
    make_user("ann")
    for email in (EMAIL, "nobody@example.com"):
        lock(email)
    emails = (EMAIL, "nobody@example.com")
    seen = [work.of(partial(login, email, address=f"192.0.2.{place}")) for place, email in enumerate(emails)]
    assert {answer.status for answer, _ in seen} == {429}
    assert seen[0][1] == seen[1][1]
    assert seen[0][1]["hash"] == 1


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
    items = table_client().scan(TableName=settings().table)["Items"]
    return sorted(json.dumps(item, sort_keys=True) for item in items if "LIMIT#anonymous" not in item["pk"]["S"])


def test_failures_and_lock_outs_are_security_events(security_log: Callable[[], list[dict[str, Any]]]) -> None:
    user = make_user("ann")
    fail(6)
    event = activities(user.id)
    assert (event.count("sign_in.failed"), event.count("account.locked")) == (5, 1)
    names = [line["security_event"] for line in security_log()]
    assert (names.count("sign_in.failed"), names.count("account.locked")) == (5, 1)
    assert EMAIL not in str(security_log())


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
