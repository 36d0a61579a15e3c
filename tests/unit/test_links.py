"""Each link of a mail leads to a page of the local stack, and each page sends what its endpoint takes."""

import json
import re

import pytest

from local.links import PAGES
from tests.support.stack import ROOT

DOCUMENT = json.loads((ROOT / "functions" / "gateway" / "openapi.json").read_text(encoding="utf-8"))
COMPOSED = (ROOT / "layers" / "core" / "lamina" / "mail" / "compose.py").read_text(encoding="utf-8")


def test_each_link_of_a_mail_leads_to_a_page() -> None:
    linked = set(re.findall(r'_(?:link|page)\(\s*"([a-z-]+)"', COMPOSED))
    assert linked
    assert {f"/{path}" for path in linked} <= PAGES.keys()


@pytest.mark.parametrize("path", sorted(PAGES))
def test_each_page_sends_what_its_endpoint_takes(path: str) -> None:
    page = PAGES[path]
    body = DOCUMENT["paths"][page.endpoint]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema = DOCUMENT["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    sent = {field.name for field in page.fields} | ({"token"} if page.has_token else set())
    assert set(schema["required"]) <= sent <= schema["properties"].keys()
