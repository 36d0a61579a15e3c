"""A sign-in from an address and with a device that the account never had is told of; others are not."""

import pytest

from tests.support.aws import PASSWORD
from tests.support.people import Mailbox, activities, events_of, login, person, prove, verified

pytestmark = pytest.mark.usefixtures("aws")

HERE, THERE = "203.0.113.7", "198.51.100.7"


def suspicions(user_id: str) -> int:
    return activities(user_id).count("sign_in.suspicious")


def test_the_first_sign_in_is_not_suspicious() -> None:
    assert suspicions(person("ada").id) == 0


def test_another_device_at_a_known_address_is_not_suspicious() -> None:
    ada = person("ada")
    assert login(ada.user.email, address=HERE).status == 200
    assert suspicions(ada.id) == 0


def test_a_known_device_at_another_address_is_not_suspicious() -> None:
    ada = person("ada")
    cookie = login(ada.user.email, address=HERE).headers["Set-Cookie"].partition(";")[0]
    assert login(ada.user.email, address=THERE, cookie=cookie).status == 200
    assert suspicions(ada.id) == 0


def test_a_device_and_an_address_that_are_both_new_are_suspicious_once() -> None:
    ada = person("ada")
    for _ in range(2):
        assert login(ada.user.email, address=THERE).status == 200
    suspicious = [event for event in events_of(ada.id) if event.event_type == "sign_in.suspicious"]
    started = [event for event in events_of(ada.id) if event.event_type == "session.started"]
    assert [event.data for event in suspicious] == [started[1].data]


def test_a_wrong_password_from_elsewhere_is_a_failure_and_no_sign_in() -> None:
    ada = person("ada")
    login(ada.user.email, "Wrong-horse-1", address=THERE)
    assert suspicions(ada.id) == 0


def test_with_a_second_factor_it_is_the_second_step_that_counts(mailbox: Mailbox) -> None:
    ada = person("ada")
    verified(ada.user)
    ada.enroll()
    token = str(login(ada.user.email, PASSWORD, address=THERE).error["mfa_token"])
    assert suspicions(ada.id) == 0
    assert prove(token, ada.codes[0], address=THERE).status == 200
    assert suspicions(ada.id) == 1
    assert mailbox.count(ada.user.email, "suspicious_sign_in") == 1
    assert mailbox.sent[-1][2]["address"] == THERE


def test_a_right_password_that_stops_at_the_second_factor_is_an_event_and_from_a_new_place_a_mail(
    mailbox: Mailbox,
) -> None:
    ada = person("ada")
    verified(ada.user)
    ada.enroll()
    mailbox.deliver()
    mailbox.sent.clear()
    for address in (HERE, THERE):
        assert login(ada.user.email, address=address).error["code"] == "MFA_REQUIRED"
    halfway = [event.data for event in events_of(ada.id) if event.event_type == "second_factor.requested"]
    assert halfway == [{"is_new_place": False}, {"is_new_place": True}]
    assert mailbox.count(ada.user.email, "notice") == 1
    assert "entered your password" in mailbox.sent[-1][2]["what"]


def test_whoever_knows_the_password_cannot_flood_its_owner_with_mails(mailbox: Mailbox) -> None:
    ada = person("ada")
    verified(ada.user)
    ada.enroll()
    mailbox.deliver()
    mailbox.sent.clear()
    for _ in range(7):
        login(ada.user.email, address=THERE)
    assert mailbox.count(ada.user.email, "notice") == 5


def test_an_unverified_address_is_not_notified(mailbox: Mailbox) -> None:
    ada = person("ada")
    login(ada.user.email, address=THERE)
    mailbox.deliver()
    assert [template for _, template, _ in mailbox.sent] == ["verification"]
