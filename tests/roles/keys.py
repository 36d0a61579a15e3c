"""API keys and OAuth clients."""

from collections.abc import Mapping
from typing import Any

from lamina.access.policy import Role
from tests.roles.process import Scenario, forget_idempotency_records, table_busy
from tests.support.aws import signed_in


def secrets_told_once(path: str, body: Mapping[str, Any]) -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    request = {"body": body, "headers": {"Idempotency-Key": "1"}}
    with table_busy():
        assert admin.post(path, **request).status == 503
    made = admin.post(path, **request)
    assert admin.post(path, **request).json == made.json
    forget_idempotency_records()
    assert admin.post(path, **request).json == made.json
    admin.post(path, {**body, "name": "Another"})
    assert admin.get(f"{path}?limit=1").json["meta"]["has_more"]
    assert admin.delete(f"{path}/{made.data['id']}").status == 204


def api_keys() -> None:
    secrets_told_once("/v1/api-keys", {"name": "CI", "scopes": ["read"]})


def oauth_clients() -> None:
    grants = ["client_credentials"]
    secrets_told_once("/v1/oauth-clients", {"name": "Import", "scopes": ["read"], "grant_types": grants})


SCENARIOS: dict[str, Scenario] = {
    "api_keys/create": api_keys,
    "api_keys/delete": api_keys,
    "api_keys/list": api_keys,
    "oauth_clients/create": oauth_clients,
    "oauth_clients/delete": oauth_clients,
    "oauth_clients/list": oauth_clients,
}
