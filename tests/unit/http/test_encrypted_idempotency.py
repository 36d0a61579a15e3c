"""Responses that contain a secret once are stored without it, and only the same request decrypts it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lamina.access.policy import Role
from lamina.settings import settings
from lamina.storage.encryption import decrypt, encrypt
from tests.support.aws import signed_in, table_client

CASES = {
    "/v1/api-keys": ({"name": "CI", "scopes": ["read"]}, "key"),
    "/v1/oauth-clients": (
        {"name": "Import", "scopes": ["read"], "grant_types": ["client_credentials"]},
        "client_secret",
    ),
    "/v1/webhooks": (
        {
            "url": f"https://example.com/{'x' * 2000}",
            "events": [f"user.{number}.{'x' * 80}.*" for number in range(10, 30)],
            "description": "🦊" * 200,
        },
        "secret",
    ),
}
HEADERS = {"Idempotency-Key": "1"}


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("path", CASES)
def test_a_lost_answer_with_a_secret_comes_again_and_makes_nothing_twice(path: str) -> None:
    body, secret = CASES[path]
    admin, _ = signed_in("admin", Role.ADMIN)
    first = admin.post(path, body, headers=HEADERS)
    again = admin.post(path, body, headers=HEADERS)
    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(first.data[secret]) > 40
    assert len(admin.get(path).data) == 1
    other: dict[str, Any] = body | ({"events": ["*"]} if "url" in body else {"name": "Another"})
    assert admin.post(path, other, headers=HEADERS).error["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("path", CASES)
def test_the_table_holds_no_secret_that_was_answered(path: str) -> None:
    body, secret = CASES[path]
    admin, _ = signed_in("admin", Role.ADMIN)
    event = admin.post(path, body, headers=HEADERS).data[secret]
    stored = json.dumps(table_client().scan(TableName=settings().table)["Items"])
    # Nor the random end of it alone, without what tells where it lies.
    assert event[-40:] not in stored


@pytest.mark.usefixtures("aws")
def test_what_is_sealed_opens_for_the_same_purpose_alone() -> None:
    encrypted = encrypt("secret", {"answer_to": "one"})
    assert decrypt(encrypted, {"answer_to": "one"}) == "secret"
    with pytest.raises(ClientError):
        decrypt(encrypted, {"answer_to": "another"})
