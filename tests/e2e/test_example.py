"""The example app in a real browser, against the running stack: from the sign-up to an order and a published post."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.conftest import PASSWORD, SEED_PASSWORD
from tests.local.browser import CHROMIUM, showing
from tests.local.page import AXE, Page
from tests.support.stack import ROOT, RunningStack

pytestmark = pytest.mark.xdist_group("stack")
needs_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
PATH = "/_local/example/"


@pytest.fixture
def page(stack: RunningStack, tmp_path: Path) -> Iterator[Page]:
    """The app in a browser, with products of the demo."""
    seeded = {**os.environ, "PORT": str(stack.port), "SEED_PASSWORD": SEED_PASSWORD}
    subprocess.run([sys.executable, "-m", "local.seed"], cwd=ROOT, env=seeded, check=True, capture_output=True)
    url = f"{stack.url}{PATH}"
    with showing(url, tmp_path / "profile") as browser:
        browser.opened(url)
        yield Page(browser, url)


def sign_in(page: Page, email: str) -> None:
    page.fill("Sign in", E_mail=email, Password=PASSWORD)
    page.press("Sign in", within="Sign in")


def verify_by_the_mailed_link(page: Page, stack: RunningStack) -> None:
    page.sees("Open the mailed link")
    page.press("Open the mailed link")
    opened = Page(page.browser, page.browser.opened(f"{stack.url}/verify-email"))
    opened.browser.run(opened.url, "document.querySelector('button').click()")
    opened.sees("The address is verified")


@needs_a_browser
@pytest.mark.long
def test_the_app_signs_up_verifies_orders_and_publishes_and_shows_what_changes(
    page: Page, stack: RunningStack, tmp_path: Path
) -> None:
    name = f"eve{uuid4().hex[:8]}"
    email = f"{name}@example.com"
    page.sees("in stock", "#products")
    check(page, tmp_path / "signed-out")
    page.fill("Sign up", Name="Eve", Username=name, E_mail=email, Password=PASSWORD)
    page.press("Sign up", within="Sign up")
    verify_by_the_mailed_link(page, stack)
    sign_in(page, email)
    page.sees("Eve · viewer", "#who")
    page.sees("live", "#live")

    order(page, "pm_card_visa")
    page.sees("is placed", "#status")
    page.sees("confirmed", "#orders .badge")
    order(page, "pm_card_chargeDeclined")
    page.sees("payment declined", "#orders .reason")
    check(page, tmp_path / "ordered")

    page.fill("Write a post", Administrator="admin@lamina.test", Password=SEED_PASSWORD)
    page.press("Make me an editor")
    page.sees("You are an editor now", "#status")
    sign_in(page, email)
    page.sees("Eve · editor", "#who")
    page.sees("live", "#live")
    page.fill("Write a post", Title=f"Notes of {name}", Text="Written **here**.")
    page.press("Save the draft")
    page.sees(f"Notes of {name}", "#drafts")
    page.press(f"Publish Notes of {name}")
    page.sees(f"Notes of {name}", "#posts")
    page.sees("/v1/posts", "#requests")
    assert PASSWORD not in page.browser.run(page.url, "document.getElementById('requests').textContent")
    check(page, tmp_path / "published")


def order(page: Page, method: str) -> None:
    """Order one piece of the first product that is in stock."""
    page.browser.run(
        page.url,
        f"""(() => {{
        const item = [...document.querySelectorAll("#products li")].find((each) => !each.querySelector(".none"));
        item.querySelector("input").value = 1;
        document.querySelector("[name=payment_method]").value = "{method}"; }})()""",
    )
    page.press("Place the order")


def check(page: Page, shots: Path) -> None:
    """Everybody can use the page as it is: on a small and a large screen, in light and dark."""
    shots.mkdir()
    for width, dark in ((390, False), (1280, True), (390, True), (1280, False)):
        page.shot(shots / f"{width}-{'dark' if dark else 'light'}.png", width, dark=dark)
        assert page.browser.run(page.url, "document.documentElement.scrollWidth <= innerWidth"), width
        if AXE.is_file():
            assert page.violations() == []


def test_the_app_is_served_with_a_policy_that_runs_nothing_else(stack: RunningStack) -> None:
    with urllib.request.urlopen(f"{stack.url}/_local/example") as answer:  # noqa: S310 (http, and ours)
        assert answer.url == f"{stack.url}{PATH}"
        assert "script-src 'self'; style-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "style=" not in answer.read().decode()
    for name in ("app.js", "api.js", "socket.js", "view.js", "style.css"):
        with urllib.request.urlopen(f"{stack.url}{PATH}{name}") as answer:  # noqa: S310 (as above)
            assert answer.status == 200


@pytest.mark.parametrize("path", ["README.md", "../../pyproject.toml", "..%2f..%2fpyproject.toml", "nonesuch.js"])
def test_nothing_but_the_app_is_served_from_its_folder(stack: RunningStack, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{stack.url}{PATH}{path}")  # noqa: S310 (as above)
