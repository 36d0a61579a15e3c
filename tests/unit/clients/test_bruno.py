"""The collection for Bruno: one request for each operation, with what it needs."""

import json
from pathlib import Path

import pytest

from clients import bruno
from tests.support.openapi import DOCUMENT, operations


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    bruno.write(DOCUMENT, tmp_path)
    return tmp_path


def test_each_operation_is_a_request(collection: Path) -> None:
    assert len(list(collection.glob("*/*.bru"))) - 1 == len(operations())
    assert json.loads((collection / "bruno.json").read_bytes())["name"] == "Lamina"


def test_a_request_has_its_path_token_key_and_example(collection: Path) -> None:
    text = (collection / "Orders" / "create.bru").read_text(encoding="utf-8")
    assert "url: {{base_url}}/v1/orders\n  body: json\n  auth: bearer" in text
    assert "Idempotency-Key: {{$guid}}" in text
    assert '"payment_method": "pm_card_visa"' in text
    assert "url: {{base_url}}/v1/posts/slug/:slug" in (collection / "Posts" / "get_by_slug.bru").read_text("utf-8")
    assert "  slug: welcome-to-lamina" in (collection / "Posts" / "get_by_slug.bru").read_text("utf-8")


def test_signing_in_keeps_the_tokens_for_the_other_requests(collection: Path) -> None:
    text = (collection / "Accounts and sign-in" / "login.bru").read_text(encoding="utf-8")
    assert 'bru.setEnvVar("token", res.body.data.access_token);' in text
    assert "auth: none" in text
