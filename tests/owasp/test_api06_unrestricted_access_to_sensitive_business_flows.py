"""API6:2023: making accounts, sending mails and guessing cannot be done in bulk by a machine."""

import pytest

from tests.aws import PASSWORD, Api, make_user
from tests.people import Mailbox, login

pytestmark = pytest.mark.usefixtures("aws", "clock")


def test_accounts_made_from_one_address_are_limited() -> None:
    def register(number: int) -> int:
        body = {"email": f"u{number}@example.com", "username": f"u.{number}", "name": "U", "password": "weak"}
        return Api().post("/v1/auth/register", body).status

    assert [register(number) for number in range(101)] == [400] * 100 + [429]


def test_nobody_is_flooded_with_mails(mailbox: Mailbox) -> None:
    user = make_user("ann")
    for number in range(10):
        address = Api(f"198.51.100.{number}")
        address.post("/v1/auth/forgot-password", {"email": user.email})
        address.post("/v1/auth/resend-verification", {"email": user.email.upper()})
    assert mailbox.count(user.email, "reset") + mailbox.count(user.email, "verification") == 1 + 5


def test_a_mail_says_nothing_that_a_stranger_wrote(mailbox: Mailbox) -> None:
    name = "Win money at https://evil.example now"
    body = {"email": "victim@example.com", "username": "victim", "name": name, "password": PASSWORD}
    assert Api().post("/v1/auth/register", body).status == 201
    mailbox.deliver()
    (values,) = [values for _, _, values in mailbox.sent]
    assert list(values) == ["link"]


def test_passwords_are_not_sprayed_over_accounts_from_one_address() -> None:
    statuses = [login(f"user{number}@example.com", "Wrong-horse-1").status for number in range(51)]
    assert statuses == [401] * 50 + [429]


def test_passwords_are_not_guessed_from_many_addresses() -> None:
    make_user("ann")
    statuses = [login("ann@example.com", "Wrong", address=f"198.51.100.{number}").status for number in range(51)]
    assert statuses == [401] * 50 + [429]
