"""Refresh tokens: good once, and a second use ends the session."""

from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import passwords
from lamina.identity.items import REFRESH_SECONDS, RefreshTokenItem, SessionItem
from lamina.identity.sessions import refresh, sign_in
from lamina.ids import epoch_of
from lamina.storage.item import Item
from lamina.users import service as users
from lamina.users.model import Status
from tests.support.aws import Api
from tests.support.people import Clock, Person, activities, again, login, person, use, verified

CONTEXT = RequestContext(None, "test")
DAY = 24 * 3600

pytestmark = pytest.mark.usefixtures("aws")


def test_a_refresh_token_gives_new_tokens_of_the_same_session() -> None:
    ann = person("ann")
    before, session = ann.api.token, ann.api.get("/v1/auth/sessions").data[0]["id"]
    answer = ann.refresh()
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert ann.api.token != before
    (listed,) = ann.api.get("/v1/auth/sessions").data
    assert (listed["id"], listed["current"]) == (session, True)


def test_a_refresh_token_is_random_and_only_its_hash_is_kept() -> None:
    ann = person("ann")
    assert len(ann.refresh_token) == 43  # 256 bits in base64url
    stored = [item.to_dynamodb_dict() for item in Item.scan(consistent_read=True)]
    assert ann.refresh_token not in str(stored)
    assert ann.api.token not in str(stored)


def test_a_second_use_ends_the_session_and_is_a_security_event(
    security_log: Callable[[], list[dict[str, Any]]],
) -> None:
    ann, spent = person("ann"), ""
    other = again(ann.user)
    spent = ann.refresh_token
    for _ in range(2):
        assert ann.refresh().status == 200
    assert use(spent).status == 401
    assert not ann.is_signed_in()
    assert ann.refresh().status == 401
    assert other.is_signed_in()
    (event,) = [line for line in security_log() if line["security_event"] == "refresh_token.reused"]
    assert event["user_id"] == ann.id
    assert event["session_id"]
    assert activities(ann.id).count("refresh_token.reused") == 1


def test_a_use_long_after_is_noticed_too(clock: Clock) -> None:
    ann = person("ann")
    spent = ann.refresh_token
    for _ in range(3):
        clock.forward(1)
        assert ann.refresh().status == 200
    assert use(spent).status == 401
    assert use(ann.refresh_token).status == 401


def test_two_uses_at_the_same_moment_get_the_same_next_token(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = person("ann")
    find, answers = refresh._find, []

    def find_while_another_uses_it(text: str) -> RefreshTokenItem | None:
        found = find(text)
        monkeypatch.setattr(refresh, "_find", find)
        answers.append(use(text))
        return found

    monkeypatch.setattr(refresh, "_find", find_while_another_uses_it)
    answers.append(use(ann.refresh_token))
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].data["refresh_token"] == answers[1].data["refresh_token"]


def test_the_last_used_token_may_be_repeated_for_ten_seconds(clock: Clock) -> None:
    ann = person("ann")
    spent = ann.refresh_token
    ann.refresh()
    clock.forward(9)
    repeated = use(spent)
    assert (repeated.status, repeated.data["refresh_token"]) == (200, ann.refresh_token)
    assert len(list(RefreshTokenItem.scan())) == 2
    clock.forward(1)
    assert use(spent).status == 401
    assert ann.refresh().status == 401


def test_both_tabs_go_on_after_they_have_refreshed_at_once(clock: Clock) -> None:
    ann = person("ann")
    for _ in range(3):
        tabs = [use(ann.refresh_token), use(ann.refresh_token)]
        assert [tab.status for tab in tabs] == [200, 200]
        ann.refresh_token = tabs[1].data["refresh_token"]
        clock.forward(900)


def test_a_token_before_the_last_used_one_cannot_be_repeated(clock: Clock) -> None:
    ann = person("ann")
    spent = ann.refresh_token
    for _ in range(2):
        ann.refresh()
    assert clock.now
    assert use(spent).status == 401
    assert ann.refresh().status == 401


def test_whoever_reads_the_table_cannot_make_the_next_token_from_older_ones() -> None:
    """The salt of each rotation takes the place of the last one's."""
    ann = person("ann")
    (item,) = SessionItem.query(f"USER#{ann.id}", SessionItem.sk.startswith("SESSION#"))
    salts = []
    for _ in range(2):
        spent = ann.refresh_token
        ann.refresh()
        item.refresh(consistent_read=True)
        salts.append(item.salt)
        assert refresh._following(spent, item.salt) == ann.refresh_token
    assert salts[0] != salts[1]
    assert salts[0] not in str([stored.to_dynamodb_dict() for stored in Item.scan(consistent_read=True)])


def test_a_refresh_token_lasts_thirty_days_from_its_making(clock: Clock) -> None:
    ann = person("ann")
    clock.forward(REFRESH_SECONDS - 1)
    assert ann.refresh().status == 200
    clock.forward(REFRESH_SECONDS)
    assert ann.refresh().status == 401


def test_a_session_is_over_after_ninety_days_however_often_it_is_refreshed(clock: Clock) -> None:
    ann = person("ann")
    begun = clock.now
    for day in (29, 58, 87):
        clock.now = begun + day * DAY
        assert ann.refresh().status == 200
    (session,) = SessionItem.query(f"USER#{ann.id}", SessionItem.sk.startswith("SESSION#"))
    assert session.expires_at == epoch_of(session.created_at) + 90 * DAY
    clock.now = session.expires_at
    assert ann.refresh().status == 401


@pytest.mark.parametrize("change", [{"status": Status.SUSPENDED}, {"status": Status.INACTIVE}, {"role": Role.EDITOR}])
def test_whoever_is_suspended_or_of_another_role_cannot_refresh(change: dict[str, object]) -> None:
    ann = person("ann")
    verified(ann.user)
    users.update(ann.id, change, CONTEXT, if_version=lambda _: True)
    assert ann.refresh().status == 401


def test_a_deleted_user_cannot_refresh_and_restoring_brings_no_session_back() -> None:
    ann = person("ann")
    users.delete(ann.id, CONTEXT, if_version=lambda _: True)
    assert ann.refresh().status == 401
    users.restore(ann.id, CONTEXT)
    assert ann.refresh().status == 401


@pytest.mark.parametrize("end", ["/v1/auth/logout", "/v1/auth/logout-all"])
def test_a_session_that_was_ended_cannot_be_refreshed(end: str) -> None:
    ann = person("ann")
    assert ann.api.post(end).status == 204
    assert ann.refresh().status == 401


def test_an_access_token_is_no_refresh_token_and_a_refresh_token_no_access_token() -> None:
    ann = person("ann")
    assert use(ann.api.token).status == 401
    assert ann.api.get("/v1/users/me", token=ann.refresh_token).status == 401
    assert ann.is_signed_in()


@pytest.mark.parametrize("text", ["", "x", "é", "../..", "A" * 4096, "a b", "#"])
def test_any_other_text_is_refused_in_the_same_words(text: str) -> None:
    answer = use(text)
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")


def test_a_refusal_tells_nothing_of_why() -> None:
    ann = person("ann")
    spent = ann.refresh_token
    for _ in range(2):
        ann.refresh()
    messages = {use(text).error["message"] for text in (spent, ann.refresh_token, "unknown")}
    assert len(messages) == 1


def sessions_of(who: Person) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = who.api.get("/v1/auth/sessions").data
    return listed


def test_sessions_tell_device_address_and_last_use(clock: Clock) -> None:
    ann = person("ann")
    clock.forward(1)
    ann.refresh()
    (session,) = sessions_of(ann)
    assert (session["device"], session["address"]) == ("tests", "203.0.113.7")
    assert session["last_used_at"] > session["created_at"]


def test_a_session_is_ended_by_its_id_and_the_others_go_on() -> None:
    ann = person("ann")
    other = again(ann.user)
    other_id = next(session["id"] for session in sessions_of(ann) if not session["current"])
    assert ann.api.delete(f"/v1/auth/sessions/{other_id}").status == 204
    assert not other.is_signed_in()
    assert other.refresh().status == 401
    assert [session["current"] for session in sessions_of(ann)] == [True]
    assert ann.api.delete(f"/v1/auth/sessions/{other_id}").status == 404


def test_nobody_ends_a_session_of_somebody_else() -> None:
    ann, bob = person("ann"), person("bob")
    (session,) = sessions_of(ann)
    assert bob.api.delete(f"/v1/auth/sessions/{session['id']}").status == 404
    assert ann.is_signed_in()


def test_logging_out_everywhere_ends_every_session_and_leaves_nothing_listed() -> None:
    people = [person("ann")]
    people += [again(people[0].user) for _ in range(2)]
    assert people[1].api.post("/v1/auth/logout-all").status == 204
    assert [one.is_signed_in() for one in people] == [False] * 3
    assert sessions_of(again(people[0].user))[1:] == []


def test_sessions_are_listed_page_by_page() -> None:
    ann = person("ann")
    for _ in range(4):
        again(ann.user)
    first = ann.api.get("/v1/auth/sessions?limit=3").json
    rest = ann.api.get(f"/v1/auth/sessions?limit=3&cursor={first['meta']['next_cursor']}").json
    assert len({session["id"] for session in first["data"] + rest["data"]}) == 5
    assert not rest["meta"]["has_more"]


def test_a_session_of_somebody_else_cannot_be_paged_into() -> None:
    ann, bob = person("ann"), person("bob")
    for _ in range(2):
        again(ann.user)
    cursor = ann.api.get("/v1/auth/sessions?limit=1").json["meta"]["next_cursor"]
    assert bob.api.get(f"/v1/auth/sessions?cursor={cursor}").status == 400


def test_signing_in_again_with_a_stronger_hash_keeps_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = person("ann")
    strengthened: list[SecretStr] = []

    def note(password: SecretStr) -> str:
        strengthened.append(password)
        return passwords.hash_password(password)

    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    monkeypatch.setattr(sign_in, "hash_password", note)
    assert login(ann.user.email).status == 200
    monkeypatch.undo()
    assert len(strengthened) == 1
    assert login(ann.user.email).status == 200
    assert Api(token=ann.api.token).get("/v1/users/me").status == 200
