"""Changing an address: proven by the new one, told to the former one, and undone from there for 72 hours."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from lamina import ids
from lamina.access.policy import Role
from lamina.identity.items import FormerEmailItem, MfaItem, former_email_key, mfa_key
from lamina.storage.item import Item
from lamina.users import service as users
from tests.support.aws import PASSWORD, Answer, Api, make_user
from tests.support.people import Clock, Mailbox, Person, activities, login, person, verified

ANN, NEW, NEWER = "ann@example.com", "ann@example.org", "ann@example.net"
HOURS = 3600

pytestmark = pytest.mark.usefixtures("aws")


def proven(name: str = "ann") -> Person:
    """Somebody who has proven its address."""
    someone = person(name)
    return replace(someone, user=verified(someone.user))


def change(who: Person, email: str = NEW, password: str = PASSWORD) -> Answer:
    return who.api.post("/v1/auth/change-email", {"email": email, "current_password": password})


def confirm(token: str) -> Answer:
    return Api().post("/v1/auth/confirm-email", {"token": token})


def undo(token: str) -> Answer:
    return Api().post("/v1/auth/undo-email-change", {"token": token})


def forgot(email: str) -> bool:
    """Ask for a reset, and return nothing true."""
    return Api().post("/v1/auth/forgot-password", {"email": email}).status != 202


def reset(token: str) -> Answer:
    return Api().post("/v1/auth/reset-password", {"token": token, "password": "Another-horse-2"})


def move(who: Person, mailbox: Mailbox, email: str = NEW) -> None:
    """Change the address of somebody wholly."""
    assert change(who, email).status == 202
    assert confirm(mailbox.token(email, "confirm_email")).status == 204


def refused(answer: Answer) -> bool:
    return (answer.status, answer.error["code"]) == (422, "INVALID_TOKEN")


def test_the_token_mailed_to_the_new_address_changes_it_and_both_addresses_are_notified(mailbox: Mailbox) -> None:
    ann = proven()
    assert change(ann).status == 202
    token = mailbox.token(NEW, "confirm_email")
    assert login(ANN).status == 200, "until then nothing has changed"
    assert confirm(token).status == 204
    me = ann.api.get("/v1/users/me").data
    assert (me["email"], me["email_verified"]) == (NEW, True)
    assert (login(ANN).status, login(NEW).status) == (401, 200)
    assert mailbox.count(ANN, "undo_email_change") == 1
    assert mailbox.count(NEW, "notice") == 1
    assert refused(confirm(token))


def test_the_mails_of_a_change_name_no_address(mailbox: Mailbox) -> None:
    move(proven(), mailbox)
    mailbox.deliver()
    event = [values for to, template, values in mailbox.sent if "email" in template or template == "notice"]
    assert len(event) == 3
    assert not [values for values in event if "@" in str(values)]


def test_the_password_is_required_and_wrong_ones_are_limited(mailbox: Mailbox) -> None:
    ann = proven()
    wrong = [change(ann, password="Wrong-horse-1") for _ in range(6)]
    assert [answer.status for answer in wrong] == [422] * 5 + [429]
    assert wrong[0].error["code"] == "WRONG_PASSWORD"
    assert mailbox.count(NEW, "confirm_email") == 0


def test_the_response_does_not_tell_whether_the_address_is_taken(mailbox: Mailbox) -> None:
    ann, bob = proven(), make_user("bob")
    free, taken = change(ann), change(ann, bob.email)
    assert (free.status, free.body) == (taken.status, taken.body) == (202, b"")
    assert mailbox.count(bob.email, "confirm_email") == 0


def test_an_address_that_is_taken_in_between_is_a_conflict(mailbox: Mailbox) -> None:
    ann = proven()
    change(ann)
    token = mailbox.token(NEW, "confirm_email")
    body = {"email": NEW, "username": "bob", "name": "Bob", "password": PASSWORD}
    assert Api().post("/v1/auth/register", body).status == 201
    answer = confirm(token)
    assert (answer.status, answer.error["code"]) == (409, "EMAIL_TAKEN")
    assert users.get(ann.id).email == ANN


def test_only_the_last_change_that_was_asked_for_can_be_confirmed(mailbox: Mailbox) -> None:
    ann = proven()
    change(ann)
    first = mailbox.token(NEW, "confirm_email")
    change(ann, NEWER)
    assert refused(confirm(first))
    assert confirm(mailbox.token(NEWER, "confirm_email")).status == 204


ENDS: dict[str, Callable[[Person, Mailbox], object]] = {
    "reset": lambda _, mailbox: forgot(ANN) or reset(mailbox.token(ANN, "reset")),
    "change-password": lambda ann, _: ann.api.post(
        "/v1/auth/change-password", {"current_password": PASSWORD, "new_password": "Another-horse-2"}
    ),
    "logout-all": lambda ann, _: ann.api.post("/v1/auth/logout-all"),
    "deletion": lambda ann, _: ann.api.delete(f"/v1/users/{ann.id}"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_what_ends_sessions_ends_a_change_that_waits(
    mailbox: Mailbox, end: Callable[[Person, Mailbox], object]
) -> None:
    ann = proven()
    change(ann)
    token = mailbox.token(NEW, "confirm_email")
    end(ann, mailbox)
    assert refused(confirm(token))


def test_the_own_address_is_no_change() -> None:
    answer = change(proven(), ANN.upper())
    assert (answer.status, answer.error["code"]) == (422, "EMAIL_UNCHANGED")


def test_mails_to_new_addresses_are_limited_for_an_account_and_for_an_address() -> None:
    ann = proven()
    assert [change(ann, f"a{number}@example.org").status for number in range(6)] == [202] * 5 + [429]
    others = [proven(f"other{number}") for number in range(6)]
    assert [change(other, NEW).status for other in others] == [202] * 5 + [429]


def test_the_first_proof_is_by_the_new_address_and_a_slip_has_no_say(mailbox: Mailbox) -> None:
    """Whoever holds an address that was never proven may be a stranger."""
    ann = person("ann")
    move(ann, mailbox)
    assert not ann.is_signed_in(), "the first proof ends what was there before"
    assert mailbox.count(ANN, "undo_email_change") == 0
    body = {"email": ANN, "username": "other", "name": "Other", "password": PASSWORD}
    assert Api().post("/v1/auth/register", body).status == 201, "it is free at once"


def test_undoing_gives_the_account_back_to_the_holder_of_the_former_address(mailbox: Mailbox) -> None:
    ann = proven()
    thief = Api(token=ann.api.token)
    key = thief.post("/v1/api-keys", {"name": "thief", "scopes": ["read"]}).data["key"]
    move(ann, mailbox)
    token = mailbox.token(ANN, "undo_email_change")
    assert undo(token).status == 204
    assert thief.get("/v1/users/me").status == 401
    assert thief.get("/v1/users/me", token="", headers={"X-API-Key": key}).status == 401
    assert (login(NEW).status, login(ANN).status) == (401, 401), "the thief knows the password"
    forgot(NEW)
    assert mailbox.count(NEW, "reset") == 0
    assert reset(mailbox.token(ANN, "email_restored")).status == 204
    assert login(ANN, "Another-horse-2").status == 200
    assert refused(undo(token))
    assert activities(ann.id).count("email_change.undone") == 1


def test_the_former_address_is_reserved_so_that_it_can_come_back(mailbox: Mailbox) -> None:
    move(proven(), mailbox)
    body = {"email": ANN, "username": "other", "name": "Other", "password": PASSWORD}
    assert Api().post("/v1/auth/register", body).error["code"] == "EMAIL_TAKEN"
    forgot(ANN)
    assert mailbox.count(ANN, "reset") == 0, "nobody is found by it"
    assert undo(mailbox.token(ANN, "undo_email_change")).status == 204


def test_a_user_can_go_back_to_a_former_address(mailbox: Mailbox) -> None:
    ann = proven()
    move(ann, mailbox)
    move(ann, mailbox, ANN)
    assert login(ANN).status == 200
    move(ann, mailbox)
    assert login(NEW).status == 200


def test_a_change_can_be_undone_for_72_hours(mailbox: Mailbox) -> None:
    ann = proven()
    move(ann, mailbox)
    token = mailbox.token(ANN, "undo_email_change")
    for item in FormerEmailItem.query(former_email_key(ann.id, "")[0], FormerEmailItem.sk.startswith("FORMER_EMAIL#")):
        assert 71 * HOURS < item.expires_at - ids.epoch_in(0) <= 72 * HOURS
        item.expires_at = ids.epoch_in(-1)
        item.save()
    assert refused(undo(token))


def test_undoing_reaches_behind_later_changes_and_takes_their_say_away(mailbox: Mailbox) -> None:
    ann = proven()
    move(ann, mailbox)
    move(ann, mailbox, NEWER)
    first, second = mailbox.token(ANN, "undo_email_change"), mailbox.token(NEW, "undo_email_change")
    assert undo(first).status == 204
    assert users.get(ann.id).email == ANN
    assert refused(undo(second)), "it would give the account back to the thief"


def test_undoing_a_later_change_leaves_the_earlier_one_to_be_undone(mailbox: Mailbox) -> None:
    ann = proven()
    move(ann, mailbox)
    move(ann, mailbox, NEWER)
    first, second = mailbox.token(ANN, "undo_email_change"), mailbox.token(NEW, "undo_email_change")
    assert undo(second).status == 204
    assert users.get(ann.id).email == NEW
    assert undo(first).status == 204
    assert users.get(ann.id).email == ANN


def test_undoing_voids_a_change_that_waits(mailbox: Mailbox) -> None:
    ann = proven()
    move(ann, mailbox)
    change(ann, NEWER)
    waiting = mailbox.token(NEWER, "confirm_email")
    undo(mailbox.token(ANN, "undo_email_change"))
    assert refused(confirm(waiting))


@pytest.mark.parametrize(("hours", "stays"), [(71, False), (73, True)])
def test_a_second_factor_stays_if_the_owner_must_have_known_it(mailbox: Mailbox, hours: int, stays: bool) -> None:
    ann = proven()
    ann.enroll()
    factor = MfaItem.get(*mfa_key(ann.id))
    factor.activated_at = ids.ago(hours * HOURS)
    factor.save()
    move(ann, mailbox)
    undo(mailbox.token(ANN, "undo_email_change"))
    reset(mailbox.token(ANN, "email_restored"))
    answer = login(ANN, "Another-horse-2")
    assert (answer.status, stays) in {(401, True), (200, False)}


def test_a_factor_that_was_activated_after_the_change_goes(mailbox: Mailbox) -> None:
    ann = proven()
    move(ann, mailbox)
    ann.enroll()
    undo(mailbox.token(ANN, "undo_email_change"))
    reset(mailbox.token(ANN, "email_restored"))
    assert login(ANN, "Another-horse-2").status == 200


def test_a_change_of_a_user_who_is_gone_is_neither_confirmed_nor_undone(mailbox: Mailbox) -> None:
    ann = proven()
    move(ann, mailbox)
    change(ann, NEWER)
    tokens = mailbox.token(NEWER, "confirm_email"), mailbox.token(ANN, "undo_email_change")
    ann.api.delete(f"/v1/users/{ann.id}")
    assert refused(confirm(tokens[0]))
    assert refused(undo(tokens[1]))


def test_neither_events_nor_tokens_hold_an_address_in_the_clear(mailbox: Mailbox) -> None:
    ann = proven()
    move(ann, mailbox)
    mailbox.deliver()
    kinds = {item.kind for item in Item.scan() if NEW in str(item.serialize()) or ANN in str(item.serialize())}
    assert not {kind for kind in kinds if kind.__name__ in {"OutboxItem", "OneTimeTokenItem"}}


def administrator() -> Api:
    return person("root", Role.ADMIN).api


def test_an_administrator_sets_an_address_and_both_addresses_are_notified(mailbox: Mailbox) -> None:
    ann = proven()
    changed = administrator().patch(f"/v1/users/{ann.id}", {"email": NEW, "email_verified": True})
    assert (changed.status, changed.data["email_verified"]) == (200, True)
    assert mailbox.count(ANN, "notice") == 1
    (event,) = [values for to, template, values in mailbox.sent if (to, template) == (ANN, "notice")]
    assert event["link"] == "", "it cannot be undone from there"
    assert mailbox.count(NEW, "notice") == 1
    body = {"email": ANN, "username": "other", "name": "Other", "password": PASSWORD}
    assert Api().post("/v1/auth/register", body).status == 201, "the former one is free"


@pytest.mark.parametrize("was_proven", [True, False])
def test_what_an_administrator_sets_is_not_undone_by_an_earlier_token(mailbox: Mailbox, was_proven: bool) -> None:
    """A mailbox that somebody has lost to a thief must not get the account from whoever set it right."""
    ann, root = proven(), administrator()
    move(ann, mailbox)
    token = mailbox.token(ANN, "undo_email_change")
    at = f"/v1/users/{ann.id}"
    assert was_proven or root.patch(at, {"email_verified": False}).status == 200
    assert root.patch(at, {"email": NEWER, "email_verified": True}).status == 200
    assert refused(undo(token))
    assert users.get(ann.id).email == NEWER
    assert login(NEWER).status == 200


def test_a_change_after_that_of_an_administrator_can_be_undone_to_it(mailbox: Mailbox) -> None:
    ann = proven()
    assert administrator().patch(f"/v1/users/{ann.id}", {"email": NEW, "email_verified": True}).status == 200
    move(ann, mailbox, NEWER)
    assert undo(mailbox.token(NEW, "undo_email_change")).status == 204
    assert users.get(ann.id).email == NEW


def test_an_address_that_an_administrator_sets_is_unproven_unless_vouched_for(mailbox: Mailbox) -> None:
    ann = proven()
    changed = administrator().put(f"/v1/users/{ann.id}", {"email": NEW, "username": "ann", "name": "Ann"})
    assert changed.data["email_verified"] is False
    assert mailbox.count(NEW, "notice") == 0


def test_to_vouch_for_an_address_is_its_first_proof() -> None:
    """Whoever registered somebody else's address must keep no way in when an administrator vouches for it."""
    squatter = person("ann")
    key = squatter.api.post("/v1/api-keys", {"name": "left", "scopes": ["read"]}).data["key"]
    squatter.enroll()
    assert administrator().patch(f"/v1/users/{squatter.id}", {"email_verified": True}).status == 200
    assert not squatter.is_signed_in()
    assert Api().get("/v1/users/me", headers={"X-API-Key": key}).status == 401
    assert login(ANN).status == 200, "the second factor is gone"


def test_a_session_that_is_not_recent_sets_no_address(clock: Clock) -> None:
    ann, root = proven(), administrator()
    clock.forward(11 * 60)
    answer = root.patch(f"/v1/users/{ann.id}", {"email": NEW})
    assert (answer.status, answer.error["code"]) == (403, "REAUTHENTICATION_REQUIRED")
