"""The documentation site: every page is in its navigation, and links lead to pages of it."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs.build import ROOT
from docs.site import pages
from docs.site.navigation import REST, SECTIONS, arranged
from tests.support.make import outside_make

SECONDS = 300


def test_every_page_is_in_the_navigation_once(tmp_path: Path) -> None:
    written = pages.write(tmp_path)
    found = [page for section in arranged(written).values() for page in section]
    assert sorted(found) == sorted(written)
    assert list(arranged(written)) == list(SECTIONS)


def test_a_page_that_no_section_names_is_among_the_rest() -> None:
    assert arranged(["index.md", "new.md"]) == {"Start": ["index.md"], REST: ["new.md"]}


def test_the_index_of_a_folder_is_its_first_page() -> None:
    assert arranged(["how-to/a.md", "how-to/README.md"])["How-to"] == ["how-to/README.md", "how-to/a.md"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[events](../events.md#guarantees)", "[events](../events.md#guarantees)"),
        ("[changes](../../CHANGELOG.md)", "[changes](../changelog.md)"),
        ("[start](../../README.md)", "[start](../index.md)"),
        ("[runbooks](../runbooks/)", "[runbooks](../runbooks/README.md)"),
        ("[the schema](../../layers/core/lamina/graphql/schema)", "the schema"),
        ("[`build`](../build/__init__.py)", "`build`"),
        ("[AWS](https://aws.amazon.com) and [below](#cost)", "[AWS](https://aws.amazon.com) and [below](#cost)"),
        ("```md\n[code](../../template.yaml)\n```", "```md\n[code](../../template.yaml)\n```"),
    ],
)
def test_links_lead_to_pages_of_the_site_or_become_text(written: str, read: str) -> None:
    assert pages.linked(written, ROOT / "docs" / "decisions" / "page.md") == read


class Addresses(HTMLParser):
    """What a page loads from somewhere when it is opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"script": "src", "img": "src", "link": "href"}.get(tag)
        self.loaded += [value for name, value in attrs if name == wanted and value]


@pytest.mark.exhaustive
def test_the_site_is_built_without_a_broken_link_and_loads_nothing_from_elsewhere() -> None:
    built = subprocess.run(
        [sys.executable, "-m", "docs.site"],
        cwd=ROOT,
        env=outside_make(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if "installing the packages" in built.stderr:
        pytest.skip("the generator of the site could not be installed")
    assert built.returncode == 0, built.stdout + built.stderr
    made = [path for path in (ROOT / "site").rglob("*.html") if path.name != "404.html"]
    assert len(made) > 80
    elsewhere = {
        address
        for path in made
        for address in Addresses(path.read_text(encoding="utf-8")).loaded
        if re.match(r"(https?:)?//", address)
    }
    assert elsewhere == set()
