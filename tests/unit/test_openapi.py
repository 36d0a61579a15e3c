"""The OpenAPI document: in step with the code, valid, and as precise as the contract."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from jsonschema_rs import meta

from lamina import errors
from lamina.http.errors import PayloadTooLarge, content, headers_of, status_of
from lamina.http.headers import SECURITY
from lamina.http.oauth_app import FORM
from lamina.limits.quota import RateLimited
from tests.support.aws import Api
from tests.support.openapi import DOCUMENT, operations, resolved
from tests.support.templates import STACKS, evaluated, template


def test_the_document_is_valid_openapi() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_every_schema_is_a_valid_json_schema() -> None:
    invalid = [name for name, schema in DOCUMENT["components"]["schemas"].items() if not meta.is_valid(schema)]
    assert invalid == []


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "$ref" else references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_somewhere_and_every_component_is_referred_to() -> None:
    components = {
        f"#/components/{kind}/{name}"
        for kind, found in DOCUMENT["components"].items()
        if kind != "securitySchemes"
        for name in found
    }
    assert set(references(DOCUMENT)) == components


def test_operation_ids_are_unique_and_every_operation_is_described() -> None:
    described = list(operations())
    assert len({operation["operationId"] for _, _, operation in described}) == len(described)
    assert all(operation["summary"] and operation["description"] and operation["tags"] for *_, operation in described)


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_every_operation_says_how_it_can_fail(method: str, path: str, operation: dict[str, Any]) -> None:
    expected = {"400", "429", "500", "503"}
    expected |= set() if operation.get("security") == [] else {"401"}
    expected |= {"413", "415"} if method in ("post", "put", "patch") else set()
    expected |= {"404"} if "{" in path else set()
    assert expected <= operation["responses"].keys()


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each JSON answer of an operation: its status and its schema."""
    for status, found in operation["responses"].items():
        if media := resolved(found).get("content", {}).get("application/json"):
            yield status, media


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_every_failure_says_which_codes_it_may_have(method: str, path: str, operation: dict[str, Any]) -> None:
    for status, media in bodies(operation):
        if status >= "400":
            if "errors" in resolved(media["schema"])["properties"]:  # GraphQL's own form, of every code
                for code, example in media["examples"].items():
                    assert [error["extensions"]["code"] for error in example["value"]["errors"]] == [code]
                continue
            examples = [example["value"]["error"] for example in media["examples"].values()]
            schema = resolved(media["schema"])["properties"]["error"]
            if "enum" in schema:  # OAuth's own form
                assert set(examples) <= set(schema["enum"])
                continue
            _, own = resolved(schema)["allOf"]
            assert own["properties"]["code"]["enum"] == [error["code"] for error in examples], (method, path, status)


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_every_envelope_says_which_links_it_has(method: str, path: str, operation: dict[str, Any]) -> None:
    for status, media in bodies(operation):
        links = resolved(media["schema"]).get("properties", {}).get("links")
        if links:
            declared = resolved(links)
            advice = f"{method} {path} {status}: declare its links, as in `Envelope[UserView, UserLinks]`"
            assert "additionalProperties" not in declared, advice
            assert "self" in declared["required"], advice


def enumerations(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("enum"), list):
            yield value
        for inner in value.values():
            yield from enumerations(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from enumerations(inner)


def test_every_value_of_an_enumeration_has_a_name_that_programs_can_bear() -> None:
    found = list(enumerations(DOCUMENT))
    assert any("x-enum-varnames" in enumeration for enumeration in found)
    for enumeration in found:
        names = enumeration.get("x-enum-varnames", enumeration["enum"])
        assert len(set(names)) == len(enumeration["enum"])
        assert all(re.fullmatch("[A-Z][A-Z0-9_]*", name) for name in names), names


def test_bodies_refuse_unknown_fields() -> None:
    for *_, operation in operations():
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
            if media_type == FORM:
                continue  # RFC 6749 section 3.2: what is not known is ignored.
            name = media["schema"]["$ref"].rpartition("/")[2]
            if name == "Notification":
                continue  # the provider of payments adds fields as it likes
            assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


def test_patch_takes_merge_patches() -> None:
    for method, _, operation in operations():
        if method == "patch":
            assert set(operation["requestBody"]["content"]) == {"application/json", "application/merge-patch+json"}


REFUSALS = {
    "DEFAULT_5XX": errors.LaminaError,
    "REQUEST_TOO_LARGE": PayloadTooLarge,
    "MISSING_AUTHENTICATION_TOKEN": errors.NotFound,
    "THROTTLED": RateLimited,
    "INTEGRATION_FAILURE": errors.Unavailable,
    "INTEGRATION_TIMEOUT": errors.Unavailable,
}


@pytest.mark.parametrize("name", REFUSALS)
def test_api_gateway_refuses_in_the_words_and_with_the_headers_of_the_code(name: str) -> None:
    refusal = template(STACKS[0])["Resources"]["Api"]["Properties"]["GatewayResponses"][name]
    error = REFUSALS[name]()
    assert json.loads(refusal["ResponseTemplates"]["application/json"]) == content(error, "$context.requestId")
    assert int(refusal.get("StatusCode", status_of(error))) == status_of(error)
    assert refusal["ResponseParameters"]["Headers"].keys() >= {*SECURITY, "X-Correlation-Id", *headers_of(error)}


@pytest.mark.parametrize(
    ("origins", "allowed", "credentials"),
    [
        ("", None, None),
        ("https://app.example", "'https://app.example'", "'true'"),
        ("https://app.example,https://admin.example", "'*'", None),
    ],
)
def test_a_page_can_read_what_api_gateway_refuses_if_any_origin_is_allowed(
    origins: str, allowed: str | None, credentials: str | None
) -> None:
    responses = template(STACKS[0])["Resources"]["Api"]["Properties"]["GatewayResponses"]
    for response in responses.values():
        headers = evaluated(response["ResponseParameters"]["Headers"], STACKS[0], {"AllowedOrigins": origins})
        assert headers.get("Access-Control-Allow-Origin") == allowed
        assert headers.get("Access-Control-Allow-Credentials") == credentials
        assert ("Retry-After" in headers.get("Access-Control-Expose-Headers", "")) is bool(origins)


def test_the_served_document_names_the_public_address_and_may_be_kept(api: Api) -> None:
    answer = api.get("/openapi.json")
    assert answer.status == 200
    assert answer.json == DOCUMENT | {"servers": [{"url": "https://api.example.com/live"}]}
    assert answer.headers["Cache-Control"].startswith("public")
    again = api.get("/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
