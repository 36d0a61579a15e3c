"""API4:2023: what a request may cost is bounded, and so is how many there are."""

import time
from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.limits import rules
from lamina.limits.rules import CALLER
from lamina.limits.window import Limit
from tests.support.aws import PASSWORD, Api
from tests.support.people import Person, Work, person


@pytest.fixture
def ann(aws: None) -> Person:  # noqa: ARG001 (the table must be there)
    return person("ann", Role.ADMIN)


@pytest.mark.usefixtures("aws", "clock")
def test_an_address_has_a_hundred_anonymous_requests() -> None:
    statuses = [Api().get("/v1/users").status for _ in range(102)]
    assert statuses == [401] * 100 + [429] * 2


@pytest.mark.usefixtures("clock")
def test_a_caller_has_a_thousand_requests(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CALLER.requests == 1000
    monkeypatch.setattr(rules, "CALLER", Limit("short", 10))
    assert [ann.api.get("/v1/users/me").status for _ in range(11)] == [200] * 10 + [429]


@pytest.mark.parametrize("query", ["limit=101", "limit=0", "limit=-1", "limit=1e9", "limit=", "page=501&limit=20"])
def test_a_page_is_bounded(ann: Person, query: str) -> None:
    assert ann.api.get(f"/v1/users?{query}").status == 400


OVERSIZED: list[Any] = [
    {"metadata": {"a": "x" * 9000}},
    {"metadata": {str(number): {} for number in range(10_001)}},
    {"name": "x" * 101},
    {"name": ["x"] * 10_001},
    {"username": "x" * 31},
]


@pytest.mark.parametrize("body", OVERSIZED, ids=lambda body: next(iter(body)))
def test_a_body_is_bounded_and_a_large_one_costs_nothing(ann: Person, work: Work, body: object) -> None:
    answer, cost = work.of(lambda: ann.api.patch("/v1/users/me", body))
    assert answer.status == 400
    # What the authorizer does, and the one read of what metadata are merged into.
    assert set(cost) <= {"BatchGetItem", "UpdateItem", "GetItem"}
    assert cost["UpdateItem"] == 1


def test_a_deep_body_is_refused_in_no_time(ann: Person) -> None:
    begun = time.process_time()
    answer = ann.api.patch("/v1/users/me", "[" * 1_000_000)
    assert (answer.status, answer.error["code"]) == (400, "MALFORMED_JSON")
    assert time.process_time() - begun < 2


@pytest.mark.usefixtures("aws")
def test_a_long_password_is_refused_before_it_is_hashed(work: Work) -> None:
    body = {"email": "ann@example.com", "password": "Aa1" + "x" * 1_000_000}
    answer, cost = work.of(lambda: Api().post("/v1/auth/login", body))
    assert answer.status == 400
    assert "hash" not in cost


@pytest.mark.usefixtures("aws")
def test_a_hash_is_never_made_for_a_token_that_is_not_ours(work: Work) -> None:
    body = {"token": "x", "password": PASSWORD}
    _, cost = work.of(lambda: Api().post("/v1/auth/reset-password", body))
    assert "hash" not in cost


def test_a_page_of_sessions_costs_the_same_however_many_there_are(ann: Person, work: Work) -> None:
    _, few = work.of(lambda: ann.api.get("/v1/auth/sessions?limit=2"))
    for _ in range(5):
        person_again = Api().post("/v1/auth/login", {"email": ann.user.email, "password": PASSWORD})
        assert person_again.status == 200
    _, many = work.of(lambda: ann.api.get("/v1/auth/sessions?limit=2"))
    # What a process fetches once is in neither count, nor how the window of the caller moves on.
    reads = ("BatchGetItem", "GetItem", "Query")
    assert [few[read] for read in reads] == [many[read] for read in reads]
