"""The mails that follow from what people do, as their recipients find them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, wait_until
from tests.support.stack import RunningStack, look

pytestmark = pytest.mark.xdist_group("stack")

ELSEWHERE = "127.0.0.9"
PHONE = {"User-Agent": "Somebody's phone"}
SECONDS = 40

type Inbox = Callable[[str, int], dict[str, str]]


@pytest.fixture
def inbox(stack: RunningStack) -> Inbox:
    """What an address was sent, the text by the subject, once it is so many mails."""

    def mails(to: str) -> list[dict[str, Any]]:
        return [mail for mail in look(f"{stack.url}/_local/mail") if to in mail["to"]]

    def wait(to: str, many: int) -> dict[str, str]:
        wait_until(lambda: len(mails(to)) >= many, f"{many} mails", SECONDS)
        found = mails(to)
        assert len(found) == many
        assert all(mail["html"] for mail in found)
        return {mail["subject"]: mail["text"] for mail in found}

    return wait


def token_in(text: str) -> str:
    """The token of the link of a mail."""
    (link,) = (word for word in text.split() if "?token=" in word)
    return parse_qs(urlsplit(link).query)["token"][0]


def test_who_verifies_an_address_is_welcomed_once(
    anyone: Client, newcomer: dict[str, Any], inbox: Inbox, secrets: set[str]
) -> None:
    email = newcomer["email"]
    token = token_in(inbox(email, 1)["Verify your e-mail address"])
    secrets.add(token)
    assert anyone.post("/v1/auth/verify-email", {"token": token}).status == 204
    assert newcomer["name"] not in inbox(email, 2)["Welcome to Lamina"]
    assert anyone.signed_in(email, PASSWORD).patch("/v1/users/me", {"name": "Some Body"}).status == 200
    assert anyone.post("/v1/auth/forgot-password", {"email": email}).status == 202
    later = inbox(email, 3)
    secrets.add(token_in(later["Reset your password"]))
    assert later.keys() == {"Verify your e-mail address", "Welcome to Lamina", "Reset your password"}


def test_a_sign_in_from_a_new_place_is_mailed_and_one_from_a_known_place_is_not(
    anyone: Client, newcomer: dict[str, Any], inbox: Inbox, secrets: set[str]
) -> None:
    email = newcomer["email"]
    token = token_in(inbox(email, 1)["Verify your e-mail address"])
    secrets.add(token)
    assert anyone.post("/v1/auth/verify-email", {"token": token}).status == 204
    for _ in range(2):
        anyone.signed_in(email, PASSWORD)
    stranger = replace(anyone, address=ELSEWHERE, headers=PHONE)
    stranger.signed_in(email, PASSWORD)
    stranger.signed_in(email, PASSWORD)
    found = inbox(email, 3)
    assert found.keys() == {"Verify your e-mail address", "Welcome to Lamina", "A new sign-in to your account"}
    text = found["A new sign-in to your account"]
    assert ELSEWHERE in text
    assert PHONE["User-Agent"] not in text
