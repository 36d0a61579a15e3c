"""API6:2023: making accounts, sending mails and guessing cannot be done in bulk by a machine."""

import pytest

from lamina.access.policy import Role
from tests.support.aws import PASSWORD, Api, make_user
from tests.support.people import Mailbox, login, person, verified

pytestmark = pytest.mark.usefixtures("aws", "clock")


def test_accounts_made_from_one_address_are_limited() -> None:
    def register(number: int) -> int:
        body = {"email": f"u{number}@example.com", "username": f"u.{number}", "name": "U", "password": "weak"}
        return Api().post("/v1/auth/register", body).status

    assert [register(number) for number in range(101)] == [400] * 100 + [429]


def test_a_credential_buys_no_more_registrations_which_tell_what_addresses_are_taken() -> None:
    ann = person("ann")
    body = {"username": "u.1", "name": "U", "password": PASSWORD, "email": "ann@example.com"}
    signed_in = [ann.api.post("/v1/auth/register", body).status for _ in range(100)]
    assert signed_in[0] == 409
    assert 429 in signed_in, "the sign-in from here is counted as well"
    assert Api().post("/v1/auth/register", body).status == 429
    assert ann.api.get("/v1/users/me").status == 200


def test_nobody_is_flooded_with_mails(mailbox: Mailbox) -> None:
    user = make_user("ann")
    for number in range(10):
        address = Api(f"198.51.100.{number}")
        address.post("/v1/auth/forgot-password", {"email": user.email})
        address.post("/v1/auth/resend-verification", {"email": user.email.upper()})
        address.post("/v1/auth/sign-in-link", {"email": user.email})
    assert [mailbox.count(user.email, kind) for kind in ("reset", "verification", "sign_in_link")] == [5, 5, 5]


def test_nobody_is_flooded_by_accounts_that_come_and_go(mailbox: Mailbox) -> None:
    """Each account has windows of its own, and one that is deleted frees its address at once."""
    email = "victim@example.com"
    for number in range(25):
        address = Api(f"198.51.100.{number}")
        body = {"email": email, "username": f"u.{number}", "name": "U", "password": PASSWORD}
        assert address.post("/v1/auth/register", body).status == 201
        mailbox.deliver()
        token = login(email, address=f"198.51.100.{number}").data["access_token"]
        assert Api(token=token).delete("/v1/users/" + Api(token=token).get("/v1/users/me").data["id"]).status == 204
    assert mailbox.count(email, "verification") == 20


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


def test_nobody_blocks_an_address_or_a_name_by_registering_it_and_going_away(mailbox: Mailbox) -> None:
    squatter = person("victim")
    assert squatter.api.delete(f"/v1/users/{squatter.id}").status == 204
    body = {"email": squatter.user.email, "username": "victim", "name": "Victim", "password": PASSWORD}
    assert Api().post("/v1/auth/register", body).status == 201
    mailbox.token(squatter.user.email, "verification")
    admin = person("root", Role.ADMIN)
    restored = admin.api.post(f"/v1/users/{squatter.id}/restore")
    assert (restored.status, restored.error["code"]) == (409, "EMAIL_TAKEN")
    # The purge of the first account takes nothing from the second.
    owner = login(squatter.user.email).data["user"]
    assert admin.api.get(f"/v1/users/{owner['id']}").status == 200


def test_an_unproven_account_comes_back_whole_while_nobody_has_taken_its_address() -> None:
    admin, ann = person("root", Role.ADMIN), person("ann")
    path = f"/v1/users/{ann.id}"
    assert admin.api.delete(path).status == 204
    assert login(ann.user.email).status == 401
    assert admin.api.post(f"{path}/restore").status == 200
    assert login(ann.user.email).status == 200
    body = {"email": ann.user.email, "username": "other", "name": "Other", "password": PASSWORD}
    assert Api().post("/v1/auth/register", body).error["code"] == "EMAIL_TAKEN"


def test_a_proven_address_stays_taken_until_the_account_is_removed_for_good() -> None:
    ann = person("ann")
    verified(ann.user)
    assert ann.api.delete(f"/v1/users/{ann.id}").status == 204
    body = {"email": ann.user.email, "username": "other", "name": "Other", "password": PASSWORD}
    assert Api().post("/v1/auth/register", body).error["code"] == "EMAIL_TAKEN"
