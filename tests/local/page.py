"""A page as its user meets it: fields by their labels, buttons by their names, text that comes to be shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.local.browser import Browser
from tests.local.ministack import eventually
from tests.support.stack import ROOT

SECONDS = 90.0
"""A first call of each function on a busy machine."""
FIND = """
const shown = (element) => element.checkVisibility();
const named = (element) => (element.getAttribute("aria-label") ?? element.textContent).trim();
const one = (found, what) => {
  if (found.length !== 1) throw new Error(`${found.length} of ${what}`);
  return found[0];
};
const region = (name) => name ? one([...document.querySelectorAll("h2")].filter(
  (each) => shown(each) && each.textContent.trim().startsWith(name)), name).closest("form, section, aside") : document;
"""
PRESS = """(() => {{ {find}
one([...region({within}).querySelectorAll("button, a")].filter(
  (each) => shown(each) && !each.disabled && named(each).startsWith({name})), {name}).click(); }})()"""
FILL = """(() => {{ {find}
const label = one([...region({within}).querySelectorAll("label")].filter(
  (each) => shown(each) && each.textContent.trim().startsWith({label})), {label});
const field = label.control;
field.value = {text};
field.dispatchEvent(new Event("input", {{ bubbles: true }})); }})()"""
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@dataclass
class Page:
    """A page that a browser shows; it stays at its address."""

    browser: Browser
    url: str

    def press(self, name: str, within: str = "") -> None:
        """Press the button or link whose name begins so, in the part of the page with such a title."""
        self.browser.run(self.url, PRESS.format(find=FIND, **_quoted(name=name, within=within)))

    def fill(self, within: str, **fields: str) -> None:
        """Fill fields, by the first word of their labels, in the part of the page with such a title."""
        for label, text in fields.items():
            quoted = _quoted(label=label.replace("_", "-"), text=text, within=within)
            self.browser.run(self.url, FILL.format(find=FIND, **quoted))

    def text(self, selector: str = "body") -> str:
        """Return the text that is shown there."""
        script = f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.innerText).join('\\n')"
        return str(self.browser.run(self.url, script))

    def sees(self, text: str, selector: str = "body") -> None:
        """Wait until a text is shown."""
        eventually(lambda: text.lower() in self.text(selector).lower(), f"{text!r} is shown", SECONDS)

    def violations(self) -> list[Mapping[str, Any]]:
        """Return what axe-core finds wrong with the page for those who cannot see it or use a mouse."""
        self.browser.run(self.url, AXE.read_text(encoding="utf-8") + ";0")
        found = self.browser.run(self.url, "axe.run().then(({ violations }) => violations)")
        return [{"id": each["id"], "nodes": [node["html"] for node in each["nodes"]]} for each in found]

    def shot(self, file: Path, width: int, dark: bool) -> None:
        """Take a screenshot of the whole page, of a width, light or dark."""
        self.browser.shot(self.url, file, width, dark=dark)


def _quoted(**texts: str) -> dict[str, str]:
    return {name: json.dumps(text) for name, text in texts.items()}
