"""Signing in by a mailed link: good once, for a while, and no way around a second factor."""

from collections.abc import Callable

import pytest

from lamina.events.request_context import RequestContext
from lamina.identity.accounts import registration
from lamina.identity.tokens import access_tokens, email_links
from lamina.identity.tokens.one_time_tokens import LIFE_SECONDS, OneTimeTokenItem, Purpose
from lamina.users import service as users
from lamina.users.model import Status, User
from lamina.users.service import Amendment, NewUser
from tests.support import calls
from tests.support.aws import PASSWORD, Answer, Api, make_user
from tests.support.people import Clock, Mailbox, activities, again, login, person, prove
from tests.unit.identity.test_kms_failures import AWAY, Kms

CONTEXT = RequestContext(None, "test")
ANN = "ann@example.com"

pytestmark = pytest.mark.usefixtures("aws", "clock")


def ask(email: str = ANN) -> Answer:
    return Api().post("/v1/auth/sign-in-link", {"email": email})


def redeem(token: str, address: str = "203.0.113.7") -> Answer:
    return Api(address).post("/v1/auth/sign-in-link/redeem", {"token": token})


def link(mailbox: Mailbox) -> str:
    assert ask().status == 202
    return mailbox.token(ANN, "sign_in_link")


def refused(answer: Answer) -> bool:
    return (answer.status, answer.error["code"]) == (422, "INVALID_TOKEN")


def verify(mailbox: Mailbox) -> None:
    token = mailbox.token(ANN, "verification")
    assert Api().post("/v1/auth/verify-email", {"token": token}).status == 204


def test_a_link_signs_in_once(mailbox: Mailbox) -> None:
    user = make_user("ann")
    token = link(mailbox)
    answer = redeem(token)
    assert answer.status == 200
    assert {"access_token", "refresh_token", "token_type", "expires_in", "user"} == set(answer.data)
    assert Api(token=answer.data["access_token"]).get("/v1/users/me").data["id"] == user.id
    assert answer.headers["Set-Cookie"].startswith("lamina_device=")
    assert refused(redeem(token))
    assert activities(user.id).count("session.started") == 1


def test_who_has_no_password_can_sign_in(mailbox: Mailbox) -> None:
    registration.register(NewUser(email=ANN, username="ann", name="Ann"), None, CONTEXT)
    assert redeem(link(mailbox)).status == 200


def test_the_second_factor_is_still_asked_for(mailbox: Mailbox, clock: Clock) -> None:
    user = make_user("ann")
    verify(mailbox)
    ann = again(user)
    ann.enroll()
    clock.forward(30)
    token = link(mailbox)
    answer = redeem(token)
    assert (answer.status, answer.error["code"]) == (401, "MFA_REQUIRED")
    assert refused(redeem(token))
    assert prove(answer.error["mfa_token"], ann.code()).status == 200


def test_the_first_proof_by_a_link_ends_what_was_there_before(mailbox: Mailbox) -> None:
    """Whoever registered the address of somebody else, and made a second factor, keeps nobody out."""
    stranger = person("ann")
    stranger.enroll()
    answer = redeem(link(mailbox))
    assert answer.status == 200
    owner = Api(token=answer.data["access_token"])
    assert owner.get("/v1/users/me").data["email_verified"] is True
    assert not stranger.is_signed_in()
    assert activities(stranger.id).count("email.verified") == 1


def test_the_first_proof_by_a_link_takes_the_password_of_a_stranger_away(mailbox: Mailbox) -> None:
    """Nobody who signs in by a link has shown to know the password: it is that of whoever has registered."""
    stranger = make_user("ann")
    answer = redeem(link(mailbox))
    assert answer.status == 200
    assert login(ANN).status == 401
    Api().post("/v1/auth/forgot-password", {"email": ANN})
    body = {"token": mailbox.token(ANN, "reset"), "password": "Another-horse-2"}
    assert Api().post("/v1/auth/reset-password", body).status == 204
    assert login(ANN, "Another-horse-2").status == 200
    assert activities(stranger.id).count("email.verified") == 1


def test_a_link_to_a_proven_account_keeps_the_password(mailbox: Mailbox) -> None:
    make_user("ann")
    verify(mailbox)
    assert redeem(link(mailbox)).status == 200
    assert login(ANN).status == 200


def test_a_link_to_an_address_that_is_set_meanwhile_proves_nothing(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, token, use = make_user("ann"), link(mailbox), email_links.use

    def late(item: OneTimeTokenItem, edit: Callable[[User], Amendment], context: RequestContext) -> None:
        with calls.by_nobody():
            users.update(ann.id, {"email": "new@example.com"}, CONTEXT, if_version=lambda _: True)
        use(item, edit, context)

    monkeypatch.setattr(email_links, "use", late)
    assert refused(redeem(token))
    assert not users.get(ann.id).email_verified


@pytest.mark.parametrize("change", ["password", "email", "suspended", "deleted"])
def test_a_link_is_of_the_account_as_it_was(mailbox: Mailbox, change: str) -> None:
    ann = person("ann")
    token = link(mailbox)
    if change == "password":
        body = {"current_password": PASSWORD, "new_password": "Another-horse-2"}
        assert ann.api.post("/v1/auth/change-password", body).status == 204
    elif change == "email":
        users.update(ann.id, {"email": "new@example.com"}, CONTEXT, if_version=lambda _: True)
    elif change == "suspended":
        users.update(ann.id, {"status": Status.SUSPENDED}, CONTEXT, if_version=lambda _: True)
    else:
        users.delete(ann.id, CONTEXT, if_version=lambda _: True)
    assert refused(redeem(token))


def test_a_link_is_good_for_a_quarter_of_an_hour(mailbox: Mailbox, clock: Clock) -> None:
    make_user("ann")
    token = link(mailbox)
    clock.forward(LIFE_SECONDS[Purpose.SIGN_IN])
    assert refused(redeem(token))


def test_no_other_mailed_token_signs_in_and_a_link_does_nothing_else(mailbox: Mailbox) -> None:
    make_user("ann")
    Api().post("/v1/auth/forgot-password", {"email": ANN})
    others = mailbox.token(ANN, "verification"), mailbox.token(ANN, "reset")
    assert all(refused(redeem(token)) for token in (*others, "x", ""))
    token = link(mailbox)
    assert refused(Api().post("/v1/auth/verify-email", {"token": token}))
    assert refused(Api().post("/v1/auth/reset-password", {"token": token, "password": "Another-horse-2"}))
    assert redeem(token).status == 200


@pytest.mark.parametrize("is_verified", [True, False])
def test_a_link_that_kms_does_not_sign_for_is_good_again(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, is_verified: bool
) -> None:
    make_user("ann")
    if is_verified:
        verify(mailbox)
    token = link(mailbox)
    Kms(monkeypatch, AWAY).fail_once(access_tokens.kms, "sign")
    assert redeem(token).status == 503
    assert redeem(token).status == 200


def test_a_link_from_a_new_location_is_notified_like_any_sign_in(mailbox: Mailbox) -> None:
    make_user("ann")
    verify(mailbox)
    assert login(ANN, address="192.0.2.1").status == 200
    redeem(link(mailbox), "192.0.2.200")
    assert mailbox.count(ANN, "suspicious_sign_in") == 1
