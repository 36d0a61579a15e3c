"""Feature flags: Powertools' rules from one item of the table, read once a minute, and never a reason to fail."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lamina.access.policy import Role
from lamina.errors import Conflict, Invalid
from lamina.flags import service
from lamina.flags.items import FlagsItem
from lamina.flags.model import POST_SEARCH, REGISTRATION
from lamina.flags.service import bucket, is_enabled
from operations.flags import definition, run
from tests.support.aws import PASSWORD, Api, signed_in

pytestmark = pytest.mark.usefixtures("aws")
ADA = {"email": "ada@example.com", "username": "ada", "name": "Ada", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _unread() -> Iterator[None]:
    """Each test, and whatever comes after them, begins without knowing the flags."""
    service.forget()
    service._known = {}
    yield
    service.forget()
    service._known = {}


def store(flag: Any, text: str) -> None:
    service.write(flag.name, definition(text, flag.attributes))
    service.forget()


def test_without_stored_flags_defaults_apply_and_powertools_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_powertools", lambda _: pytest.fail("nothing is to be evaluated"))
    assert is_enabled(REGISTRATION)
    assert is_enabled(POST_SEARCH, "u1")


def test_the_utility_is_imported_without_its_store_for_app_config() -> None:
    store(REGISTRATION, "off")
    assert not is_enabled(REGISTRATION)
    assert "aws_lambda_powertools.utilities.feature_flags.appconfig" not in sys.modules


def test_a_flag_is_switched_off_on_and_back_to_its_default() -> None:
    for text, enabled in (("off", False), ("on", True), ("off", False), ("default", True)):
        store(POST_SEARCH, text)
        assert is_enabled(POST_SEARCH) is enabled
    assert service.read() == {}


def test_a_percentage_is_stable_for_a_subject_and_near_its_share_of_all() -> None:
    store(POST_SEARCH, "25%")
    subjects = [f"user {number}" for number in range(1000)]
    first = [is_enabled(POST_SEARCH, subject) for subject in subjects]
    assert 200 < sum(first) < 300
    store(POST_SEARCH, "50%")
    second = [is_enabled(POST_SEARCH, subject) for subject in subjects]
    assert all(after for before, after in zip(first, second, strict=True) if before), "who has it keeps it"
    assert not is_enabled(POST_SEARCH), "without a subject there is no bucket"


def test_buckets_of_two_flags_are_independent() -> None:
    subjects = [f"user {number}" for number in range(200)]
    assert [bucket(REGISTRATION, each) for each in subjects] != [bucket(POST_SEARCH, each) for each in subjects]
    assert {bucket(POST_SEARCH, each) for each in subjects} <= set(range(100))


def test_an_attribute_decides_where_the_rule_names_its_values() -> None:
    store(REGISTRATION, "domain=example.com, example.org")
    assert is_enabled(REGISTRATION, domain="example.org")
    assert not is_enabled(REGISTRATION, domain="example.net")
    assert not is_enabled(REGISTRATION)


def test_a_process_reads_flags_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_enabled(REGISTRATION)
    service.write("registration", {"default": False})
    assert is_enabled(REGISTRATION)
    monkeypatch.setattr(service, "READ_SECONDS", -1)
    assert not is_enabled(REGISTRATION)


def test_while_the_table_does_not_respond_the_last_known_flags_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    store(REGISTRATION, "off")
    assert not is_enabled(REGISTRATION)
    service.forget()

    def lost(*_: object, **__: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(FlagsItem, "get", lost)
    assert not is_enabled(REGISTRATION)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("registratoin", {"default": False}),
        ("registration", {}),
        ("registration", {"default": "off", "rules": 1}),
        ("registration", {"default": True, "rules": {"a": {"when_match": True, "conditions": []}}}),
        ("registration", {"default": True, "rules": {"a": {"when_match": True, "conditions": [{"action": "LIKE"}]}}}),
    ],
)
def test_what_does_not_match_the_schema_is_refused_and_changes_nothing(name: str, written: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        service.write(name, written)
    assert service.read() == {}


def test_two_changes_at_once_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    service.write("registration", {"default": False})
    stale = service._stored()
    service.write("post_search", {"default": False})
    monkeypatch.setattr(service, "_stored", lambda: stale)
    with pytest.raises(Conflict):
        service.write("registration", {"default": True})


def test_registration_is_closed_for_people_and_open_for_administrators() -> None:
    store(REGISTRATION, "domain=company.example")
    refused = Api().post("/v1/auth/register", ADA)
    assert (refused.status, refused.error["code"]) == (403, "REGISTRATION_CLOSED")
    assert Api().post("/v1/auth/register", {**ADA, "email": "ada@Company.example"}).status == 201
    admin, _ = signed_in("admin", Role.ADMIN)
    assert admin.post("/v1/users", {**ADA, "email": "bob@example.com", "username": "bob"}).status == 201


def test_searches_are_switched_off_and_lists_are_not() -> None:
    store(POST_SEARCH, "off")
    refused = Api().get("/v1/posts?search=hello")
    assert (refused.status, refused.error["code"]) == (503, "UNAVAILABLE")
    assert Api().get("/v1/posts").status == 200


def test_the_command_lists_and_changes_flags() -> None:
    assert "registration    on (default)" in run("", "")
    assert "registration    off unless 25%\n" in run("registration", "25%")
    assert "post_search     off\n" in run("post_search", "off")
    assert service.read()["registration"]["default"] is False


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("search", "off", "There is no flag 'search': choose one of registration, post_search."),
        ("registration", "maybe", "must be on, off, default, a percentage such as 25%, domain=…, or JSON"),
        ("registration", "101%", "SET is '101%'"),
        ("registration", "role=admin", "domain=…"),
        ("registration", '{"default": ', "Expecting value"),
    ],
)
def test_the_command_refuses_what_it_does_not_know(name: str, text: str, reason: str) -> None:
    with pytest.raises(SystemExit) as ended:
        run(name, text)
    assert reason in str(ended.value.code)
