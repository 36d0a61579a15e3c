"""The page at /docs in a real browser: signed in once, used by the keyboard alone, and accessible."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import SEED_PASSWORD, wait_until
from tests.local.browser import CHROMIUM, Browser, showing
from tests.support.stack import ROOT, RunningStack

pytestmark = [
    pytest.mark.xdist_group("stack"),
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = json.dumps({"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
FOUND = f"""axe.run(document, {RULES}).then((all) => all.violations.filter((one) => one.impact !== "minor").map(
    (one) => [one.impact, one.id, one.nodes[0].html, one.nodes[0].failureSummary]))"""
SECONDS = 60
USABLE = "Boolean(document.querySelector('#docs section') && document.getElementById('bar'))"
FOCUSED = "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
OPERATION = "tag/users/GET/v1/users/me"
FOCUS = """(() => {{
  const found = [...document.querySelectorAll("button")].find((each) => each.checkVisibility()
    && each.textContent.trim().startsWith({name}) && each.textContent.includes({more}));
  found?.focus();
  return Boolean(found && document.activeElement === found);
}})()"""


class Docs:
    """The page, which a browser shows."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url

    def has(self, script: str, what: str) -> None:
        """Wait until a script is true."""
        wait_until(lambda: bool(self.browser.run(self.url, script)), what, SECONDS)

    def tab_to(self, name: str) -> None:
        """Press Tab until the focus is on what has this name."""
        for _ in range(10):
            self.browser.press(self.url, "Tab")
            if self.browser.run(self.url, FOCUSED) == name:
                return
        pytest.fail(f"{name} is not among the first ten stops of the Tab key")

    def sign_in(self) -> None:
        """Sign in by the keyboard."""
        if self.browser.run(self.url, "document.getElementById('open').checkVisibility()"):
            self.tab_to("Sign in")
            self.browser.press(self.url, "Enter")
            self.has(f"{FOCUSED} === 'E-mail address'", "the form is open")
        else:
            self.tab_to("E-mail address")
        self.browser.write(self.url, "viewer@lamina.test")
        self.browser.press(self.url, "Tab")
        self.browser.write(self.url, SEED_PASSWORD)
        self.browser.press(self.url, "Enter")
        self.has(f"document.getElementById('who')?.textContent === 'viewer' && {USABLE}", "the viewer is signed in")

    def press_button(self, name: str, more: str = "") -> None:
        """Press a button by the keyboard, once it is there."""
        script = FOCUS.format(name=json.dumps(name), more=json.dumps(more))
        self.has(script, f"the button {name}")
        self.browser.press(self.url, "Enter")

    def is_accessible(self) -> None:
        """Check that axe finds nothing that keeps people from using the page."""
        if AXE.is_file():
            self.browser.run(self.url, AXE.read_text(encoding="utf-8"))
            assert self.browser.run(self.url, FOUND) == []
        assert self.browser.run(self.url, "document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", ["1280,900", "390,844"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_who_has_signed_in_once_sends_a_request_by_the_keyboard(
    seeded: str, stack: RunningStack, tmp_path: Path, size: str, scheme: str
) -> None:
    assert seeded
    preferred = f"--blink-settings=preferredColorScheme={['dark', 'light'].index(scheme)}"
    with showing(f"{stack.url}/docs", tmp_path, f"--window-size={size}", preferred) as browser:
        docs = Docs(browser, f"{stack.url}/docs")
        wait_until(lambda: any(url.startswith(docs.url) for url in browser.pages()), "it opens", SECONDS)
        docs.has(USABLE, "the page can be used")
        docs.is_accessible()
        assert browser.run(docs.url, "getComputedStyle(document.documentElement).colorScheme") == scheme
        docs.sign_in()
        browser.run(docs.url, f"location.hash = {json.dumps(OPERATION)}")
        docs.press_button("Test Request", "(get /v1/users/me)")
        docs.press_button("Send")
        docs.has("document.body.innerText.includes('viewer@lamina.test')", "the response is shown")
        docs.is_accessible()
        browser.press(docs.url, "Escape")
        docs.has(f"{FOCUSED}.startsWith('Test Request')", "the client is closed, and the focus is back")
        browser.run(docs.url, "location.reload()")
        docs.has(f"document.getElementById('who')?.textContent === 'viewer' && {USABLE}", "the session is remembered")
