"""The device cookie: read from among others, handed out for signing in alone."""

import pytest

from lamina.http import Response
from lamina.http.cookies import device_token, with_device
from lamina.http.request import Request

TOKEN = "k7-Qm_2vY0c5t1x8nB4hZ6rW3sJ9dL0fPaGeUiOyTqM"


def bringing(cookie: str) -> Request:
    return Request({"httpMethod": "POST", "multiValueHeaders": {"Cookie": [cookie]}})


@pytest.mark.parametrize(
    "cookie",
    [
        f"lamina_device={TOKEN}",
        f"theme=dark; lamina_device={TOKEN}; lang=en",
        f"lamina_device={TOKEN}, theme=dark",
        f'odd={{"a": [1, 2]}}; =; lamina_device={TOKEN}',
    ],
)
def test_our_cookie_is_found_among_others(cookie: str) -> None:
    assert device_token(bringing(cookie)) == TOKEN


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "theme=dark",
        "lamina_device=",
        f"not_lamina_device={TOKEN}",
        "lamina_device=<b>",
        f"lamina_device={'x' * 65}",
    ],
)
def test_anything_else_is_no_device(cookie: str) -> None:
    assert device_token(bringing(cookie)) == ""


def test_a_device_is_remembered_out_of_reach_of_scripts_and_other_sites() -> None:
    answer = with_device(Response[None](200), TOKEN)
    attributes = set(str(answer.headers["Set-Cookie"]).split("; "))
    assert f"lamina_device={TOKEN}" in attributes
    assert attributes >= {"Path=/live/v1/auth", "Max-Age=34560000", "Secure", "HttpOnly", "SameSite=Strict"}


def test_a_known_device_gets_no_new_cookie() -> None:
    assert with_device(Response[None](200), "").headers == {}
