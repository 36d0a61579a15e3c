"""What the local front refuses itself looks as what API Gateway refuses."""

import json

import pytest

from local.envelope import refuse
from local.front import TOO_LONG_A_HEAD
from local.settings import read_settings
from tests.support.templates import ROOT, evaluated, template

ROOT_TEMPLATE = ROOT / "template.yaml"
RESPONSES = template(ROOT_TEMPLATE)["Resources"]["Api"]["Properties"]["GatewayResponses"]


@pytest.mark.parametrize("name", RESPONSES)
def test_the_headers_of_a_refusal_are_those_of_the_template(name: str) -> None:
    origins = {"AllowedOrigins": read_settings({"LAMINA_STATE": "memory"}).origins}
    given = evaluated(RESPONSES[name]["ResponseParameters"]["Headers"], ROOT_TEMPLATE, origins)
    expected = {header: value.strip("'") for header, value in given.items() if header != "Retry-After"}
    refused = refuse(431, "BAD_REQUEST", "", {"Origin": "http://127.0.0.1:3000"})
    assert {**refused.headers, "Content-Type": "", "X-Correlation-Id": ""} == {
        **expected,
        "Content-Type": "",
        "X-Correlation-Id": "",
    }


def test_too_long_a_head_is_refused_in_the_words_of_the_template() -> None:
    said = json.loads(RESPONSES["DEFAULT_4XX"]["ResponseTemplates"]["application/json"])
    assert said["error"]["message"] == TOO_LONG_A_HEAD


def test_what_pages_may_not_read_allows_no_origin() -> None:
    refused = refuse(403, "FORBIDDEN", "", {"Origin": "http://evil.example"}, readable=False)
    assert not [name for name in refused.headers if name.startswith("Access-Control")]
