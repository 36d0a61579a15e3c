"""Endpoints that check a credential of their own count a good one for whose it is, and a bad one for the address."""

from collections.abc import Callable

import pytest

from lamina.access.policy import Role
from lamina.limits import rules
from lamina.limits.window import Limit
from tests.support.aws import Answer, Api
from tests.support.people import Person, again, person, use
from tests.unit.identity.test_oauth import register, send

FEW = 3
pytestmark = pytest.mark.usefixtures("aws", "clock")


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that has made all its anonymous requests."""
    monkeypatch.setattr(rules, "ANONYMOUS", Limit("anonymous", FEW))
    while Api().get("/v1/users/me").status != 429:
        pass


@pytest.fixture
def root() -> Person:
    return person("root", Role.ADMIN)


def test_an_office_refreshes_behind_one_busy_address(root: Person, busy: None) -> None:  # noqa: ARG001
    for _ in range(FEW + 1):
        answer = root.refresh()
        assert (answer.status, answer.headers["RateLimit-Limit"]) == (200, "1000")


def test_a_good_client_works_behind_one_busy_address(root: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    client = register(root)
    monkeypatch.setattr(rules, "ANONYMOUS", Limit("anonymous", FEW))
    wrong = {**client, "client_secret": "wrong"}
    paths = ("token", "introspect", "revoke")
    bad = [send(path, wrong, "198.51.100.7", grant_type="client_credentials", token="x") for path in paths * 2]
    assert [answer.status for answer in bad] == [401] * FEW + [429] * 3
    assert (bad[-1].headers["RateLimit-Limit"], bad[-1].json["error"]) == (str(FEW), "temporarily_unavailable")
    assert bad[-1].headers["Retry-After"]
    good = [send(path, client, "198.51.100.7", grant_type="client_credentials", token="x") for path in paths]
    assert [(answer.status, answer.headers["RateLimit-Limit"]) for answer in good] == [(200, "1000")] * 3


def bad_token() -> Answer:
    return use("unknown")


def no_json() -> Answer:
    return Api().post("/v1/auth/refresh", "{")


def no_client() -> Answer:
    return send("token", None, grant_type="client_credentials")


def no_form() -> Answer:
    return Api().post("/oauth2/token", "{}")


@pytest.mark.parametrize("ask", [bad_token, no_json, no_client, no_form])
def test_what_proves_nothing_counts_for_the_address_of_every_endpoint(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[], Answer]
) -> None:
    monkeypatch.setattr(rules, "ANONYMOUS", Limit("anonymous", FEW))
    answers = [ask() for _ in range(FEW + 1)]
    assert [answer.status == 429 for answer in answers] == [False] * FEW + [True]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert Api().get("/v1/users/me").status == 429


def test_refreshing_counts_with_the_other_requests_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = person("ann")
    monkeypatch.setattr(rules, "CALLER", Limit("caller", FEW))
    assert [ann.api.get("/v1/users/me").status for _ in range(FEW)] == [200] * FEW
    refused = use(ann.refresh_token)
    assert (refused.status, refused.error["code"]) == (429, "RATE_LIMITED")
    monkeypatch.setattr(rules, "CALLER", Limit("caller", FEW + 1))
    assert ann.refresh().status == 200, "a refused request spends no token"
    assert Api().get("/v1/users/me").headers["RateLimit-Remaining"] != "0"


def test_a_client_has_a_window_of_its_own(root: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = register(root), register(root)
    monkeypatch.setattr(rules, "CALLER", Limit("caller", FEW))
    token = send("token", first, grant_type="client_credentials").json["access_token"]
    statuses = [Api(token=token).get("/v1/users").status for _ in range(FEW)]
    assert statuses == [200] * (FEW - 1) + [429]
    assert send("token", first, grant_type="client_credentials").status == 429
    assert send("token", second, grant_type="client_credentials").status == 200
    assert again(root.user).api.get("/v1/users/me").status == 200


def test_a_reused_token_counts_for_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = person("ann")
    spent = ann.refresh_token
    for _ in range(2):
        ann.refresh()
    monkeypatch.setattr(rules, "ANONYMOUS", Limit("anonymous", FEW))
    refused = use(spent)
    assert (refused.status, refused.headers["RateLimit-Limit"]) == (401, str(FEW))
