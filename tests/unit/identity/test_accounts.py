"""Verifying, forgetting, resetting and changing: mailed tokens are good once, for a while, and for one purpose."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import registration
from lamina.identity.items import CredentialsItem
from lamina.identity.security_events import DecoyItem
from lamina.identity.tokens import one_time_tokens
from lamina.identity.tokens.one_time_tokens import LIFE_SECONDS, OneTimeTokenItem, Purpose
from lamina.mail.service import follow
from lamina.resilience.circuit import Circuit
from lamina.storage.item import Item
from lamina.users import service as users
from lamina.users.service import NewUser
from tests.support.aws import PASSWORD, Answer, Api, make_user
from tests.support.people import Clock, Mailbox, Person, Work, activities, again, login, person, verified

CONTEXT = RequestContext(None, "test")
NEW = "Another-horse-2"
ANN = "ann@example.com"

pytestmark = pytest.mark.usefixtures("aws")


def verify(token: str) -> Answer:
    return Api().post("/v1/auth/verify-email", {"token": token})


def forgot(email: str = ANN) -> Answer:
    return Api().post("/v1/auth/forgot-password", {"email": email})


def resend(email: str = ANN) -> Answer:
    return Api().post("/v1/auth/resend-verification", {"email": email})


def reset(token: str, password: str = NEW) -> Answer:
    return Api().post("/v1/auth/reset-password", {"token": token, "password": password})


def refused(answer: Answer) -> bool:
    return (answer.status, answer.error["code"]) == (422, "INVALID_TOKEN")


def is_verified(who: Person) -> bool:
    return bool(who.api.get("/v1/users/me").data["email_verified"])


def test_registering_is_followed_by_a_mail_whose_token_verifies_the_address_once(mailbox: Mailbox) -> None:
    ann = person("ann")
    token = mailbox.token(ANN, "verification")
    assert not is_verified(ann)
    assert verify(token).status == 204
    assert is_verified(again(ann.user))
    assert refused(verify(token))
    assert activities(ann.id).count("email.verified") == 1


def test_the_first_proof_ends_the_sessions_and_a_later_one_keeps_them(mailbox: Mailbox) -> None:
    ann = person("ann")
    verify(mailbox.token(ANN, "verification"))
    assert not ann.is_signed_in()
    assert ann.refresh().status == 401
    ann = again(ann.user)
    second = one_time_tokens.new_token(Purpose.VERIFY_EMAIL, ann.id, ANN)
    second.item.save()
    assert verify(second.text).status == 204
    assert ann.is_signed_in()


def test_a_verification_is_sent_again_until_the_address_is_proven(mailbox: Mailbox) -> None:
    make_user("ann")
    assert resend().status == 202
    assert mailbox.count(ANN, "verification") == 2
    verify(mailbox.token(ANN, "verification"))
    assert resend().status == 202
    assert mailbox.count(ANN, "verification") == 2


def test_a_verification_is_of_the_address_that_it_was_mailed_to(mailbox: Mailbox) -> None:
    ann = person("ann")
    token = mailbox.token(ANN, "verification")
    users.update(ann.id, {"email": "new@example.com"}, CONTEXT, if_version=lambda _: True)
    assert refused(verify(token))
    assert not is_verified(ann)


def test_another_address_is_not_verified_by_the_proof_of_the_last(mailbox: Mailbox) -> None:
    ann = person("ann")
    verify(mailbox.token(ANN, "verification"))
    moved = users.update(ann.id, {"email": "new@example.com"}, CONTEXT, if_version=lambda _: True)
    assert moved.email_verified is False


def test_a_reset_sets_the_password_and_ends_every_session(mailbox: Mailbox) -> None:
    ann, other = person("ann"), None
    other = again(ann.user)
    forgot()
    assert reset(mailbox.token(ANN, "reset")).status == 204
    assert [one.is_signed_in() for one in (ann, other)] == [False, False]
    assert [one.refresh().status for one in (ann, other)] == [401, 401]
    assert login(ANN).status == 401
    assert is_verified(again(ann.user, NEW))
    assert mailbox.count(ANN, "notice") == 1
    assert activities(ann.id).count("password.reset") == 1


def test_whoever_was_made_without_a_password_sets_the_first_one_by_a_reset(mailbox: Mailbox) -> None:
    registration.register(NewUser(email=ANN, username="ann", name="Ann"), None, CONTEXT)
    assert login(ANN, NEW).status == 401
    forgot()
    token = mailbox.token(ANN, "reset")
    assert reset(token).status == 204
    assert refused(reset(token, "A-third-horse-3"))
    assert login(ANN, NEW).status == 200


def test_a_reset_token_is_good_once(mailbox: Mailbox) -> None:
    make_user("ann")
    forgot()
    token = mailbox.token(ANN, "reset")
    assert reset(token).status == 204
    assert refused(reset(token, "A-third-horse-3"))
    assert login(ANN, NEW).status == 200


def test_one_reset_voids_the_other_tokens_that_were_mailed(mailbox: Mailbox) -> None:
    make_user("ann")
    forgot()
    first = mailbox.token(ANN, "reset")
    forgot()
    assert reset(mailbox.token(ANN, "reset")).status == 204
    assert refused(reset(first))


@pytest.mark.parametrize("change", ["password", "email"])
def test_a_reset_token_is_bound_to_the_address_and_the_password(mailbox: Mailbox, change: str) -> None:
    ann = person("ann")
    forgot()
    token = mailbox.token(ANN, "reset")
    if change == "email":
        users.update(ann.id, {"email": "new@example.com"}, CONTEXT, if_version=lambda _: True)
    else:
        ann.api.post("/v1/auth/change-password", {"current_password": PASSWORD, "new_password": "Third-horse-3"})
    assert refused(reset(token))


def test_a_deleted_user_can_neither_verify_nor_reset(mailbox: Mailbox) -> None:
    ann = person("ann")
    forgot()
    verification, change = mailbox.token(ANN, "verification"), mailbox.token(ANN, "reset")
    users.delete(ann.id, CONTEXT, if_version=lambda _: True)
    assert refused(verify(verification))
    assert refused(reset(change))


@pytest.mark.parametrize(("kind", "attempt"), [("verification", verify), ("reset", reset)])
def test_a_mailed_token_is_short_lived(
    mailbox: Mailbox, clock: Clock, kind: str, attempt: Callable[[str], Answer]
) -> None:
    make_user("ann")
    forgot()
    token = mailbox.token(ANN, kind)
    purpose = Purpose.VERIFY_EMAIL if kind == "verification" else Purpose.RESET_PASSWORD
    clock.forward(LIFE_SECONDS[purpose])
    assert refused(attempt(token))


def test_a_token_serves_no_other_purpose(mailbox: Mailbox) -> None:
    ann = person("ann")
    forgot()
    verification, change = mailbox.token(ANN, "verification"), mailbox.token(ANN, "reset")
    assert refused(verify(change))
    assert refused(reset(verification))
    for token in (verification, change):
        assert Api().post("/v1/auth/refresh", {"refresh_token": token}).status == 401
        assert Api().post("/v1/auth/mfa/verify", {"mfa_token": token, "code": "000000"}).status == 401
        assert ann.api.get("/v1/users/me", token=token).status == 401


@pytest.mark.parametrize("token", ["", "x", "é" * 100, "A" * 4096, "../../etc/passwd", "\u202e"])
def test_any_other_text_is_no_token(token: str) -> None:
    assert refused(verify(token))
    assert refused(reset(token))


def test_a_reset_to_a_weak_password_is_refused_and_does_not_spend_the_token(mailbox: Mailbox) -> None:
    make_user("ann")
    forgot()
    token = mailbox.token(ANN, "reset")
    assert reset(token, "Password1").status == 400
    assert reset(token).status == 204


def test_only_hashes_of_mailed_tokens_are_kept_and_no_event_holds_one(mailbox: Mailbox) -> None:
    make_user("ann")
    forgot()
    tokens = mailbox.token(ANN, "verification"), mailbox.token(ANN, "reset")
    stored = str([item.to_dynamodb_dict() for item in OneTimeTokenItem.scan()])
    everything = str(stored_items())
    assert len(list(OneTimeTokenItem.scan())) == 2
    assert not any(token in stored or token in everything for token in tokens)


def stored_items() -> list[Any]:
    return [item.to_dynamodb_dict() for item in Item.scan(consistent_read=True)]


def ask_for_link(email: str = ANN) -> Answer:
    return Api().post("/v1/auth/sign-in-link", {"email": email})


@pytest.mark.parametrize("ask", [forgot, resend, ask_for_link])
def test_asking_for_a_mail_costs_and_answers_the_same_for_every_address(
    clock: Clock, work: Work, ask: Callable[[str], Answer]
) -> None:
    assert clock.now  # stands still, so that no window moves on
    known, verified = make_user("known"), make_user("verified")
    users.update(verified.id, {"email_verified": True}, CONTEXT, if_version=lambda _: True)
    gone = make_user("gone")
    users.delete(gone.id, CONTEXT, if_version=lambda _: True)
    emails = (known.email, verified.email, gone.email, "x@y.zz")
    # Beyond the limit of mails, too.
    seen = [work.of(partial(ask, email)) for email in emails * 7]
    assert {answer.status for answer, _ in seen} == {202}
    assert {answer.body for answer, _ in seen} == {b""}
    assert len({tuple(sorted(cost.items())) for _, cost in seen}) == 1
    assert len({tuple(sorted(answer.headers)) for answer, _ in seen}) == 1


@pytest.mark.parametrize("ask", [forgot, resend, ask_for_link])
def test_a_spray_of_unknown_addresses_raises_no_event_and_no_partition_is_busy(ask: Callable[[str], Answer]) -> None:
    for number in range(10):
        assert ask(f"nobody{number}@example.com").status == 202
    assert login("nobody@example.com").status == 401
    assert list(OutboxItem.scan(OutboxItem.sk.startswith("EVENT#"))) == []
    decoys = list(DecoyItem.scan(DecoyItem.sk == "DECOY"))
    assert len({item.pk for item in decoys}) == len(decoys) == 11


@pytest.mark.parametrize(
    ("ask", "kind", "most"), [(forgot, "reset", 5), (resend, "verification", 5), (ask_for_link, "sign_in_link", 5)]
)
def test_an_account_is_sent_five_mails_of_a_kind_and_the_answer_never_tells(
    mailbox: Mailbox, clock: Clock, ask: Callable[[], Answer], kind: str, most: int
) -> None:
    make_user("ann")  # The mail that follows is a verification.
    assert {ask().status for _ in range(8)} == {202}
    assert mailbox.count(ANN, kind) == most
    clock.forward(900 + 15)
    assert ask().status == 202
    assert mailbox.count(ANN, kind) == most + 1


def test_whoever_asks_for_verifications_does_not_stop_the_reset(mailbox: Mailbox) -> None:
    make_user("ann")
    for _ in range(10):
        resend()
        ask_for_link()
    assert forgot().status == 202
    assert reset(mailbox.token(ANN, "reset")).status == 204


def test_whoever_asks_for_resets_leaves_the_owner_with_links_that_work(mailbox: Mailbox) -> None:
    make_user("ann")
    for _ in range(10):
        forgot()
    token = mailbox.token(ANN, "reset")
    forgot()
    assert reset(token).status == 204


def test_what_was_asked_before_an_account_was_there_is_not_counted(mailbox: Mailbox) -> None:
    for _ in range(6):
        forgot()
    make_user("ann")
    forgot()
    assert mailbox.count(ANN, "reset") == 1


def test_a_mail_that_could_not_be_sent_is_not_counted(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("ann")
    mailbox.deliver()

    def fail(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://ses")

    monkeypatch.setattr("lamina.mail.service.send", fail)
    monkeypatch.setattr("lamina.mail.service.circuit", Circuit("test", lambda _: False))
    forgot()
    (asked,) = [item for item in OutboxItem.scan() if item.event_type == "password_reset.requested"]
    for _ in range(6):
        with pytest.raises(EndpointConnectionError):
            follow(envelope(asked))
    monkeypatch.setattr("lamina.mail.service.send", mailbox.send)
    assert mailbox.count(ANN, "reset") == 1


def test_whoever_is_unknown_is_sent_nothing(mailbox: Mailbox) -> None:
    assert forgot("nobody@example.com").status == 202
    mailbox.deliver()
    assert mailbox.sent == []


def test_a_change_keeps_this_session_and_ends_the_others(mailbox: Mailbox) -> None:
    ann = person("ann")
    verified(ann.user)
    other = again(ann.user)
    answer = ann.api.post("/v1/auth/change-password", {"current_password": PASSWORD, "new_password": NEW})
    assert answer.status == 204
    assert (ann.is_signed_in(), other.is_signed_in()) == (True, False)
    assert (ann.refresh().status, other.refresh().status) == (200, 401)
    assert (login(ANN).status, login(ANN, NEW).status) == (401, 200)
    assert mailbox.count(ANN, "notice") == 1


def test_a_change_takes_the_current_password_and_a_stolen_session_cannot_guess_it() -> None:
    ann = person("ann")
    wrong = {"current_password": "Wrong-horse-1", "new_password": NEW}
    answers = [ann.api.post("/v1/auth/change-password", wrong) for _ in range(6)]
    assert [answer.status for answer in answers] == [422] * 5 + [429]
    right = {"current_password": PASSWORD, "new_password": NEW}
    assert ann.api.post("/v1/auth/change-password", right).status == 429
    assert login(ANN).status == 200  # Signing in is counted apart.
    event = activities(ann.id)
    assert (event.count("password.refused"), event.count("account.locked")) == (5, 1)


def test_a_password_is_kept_as_a_hash_alone() -> None:
    make_user("ann")
    assert all(item.password_hash.startswith("$argon2id$") for item in CredentialsItem.scan())
    assert PASSWORD not in str(stored_items())
