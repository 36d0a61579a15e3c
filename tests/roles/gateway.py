"""What stands before every endpoint, and speaks for the API as a whole."""

from tests.aws import Api, signed_in
from tests.roles.process import Scenario, age_windows, forget_keys, requests


def authorizer() -> None:
    ada, _ = signed_in("ada")
    assert ada.get("/v1/users/me").status == 200
    key = ada.post("/v1/api-keys", {"name": "CI", "scopes": ["read"]}).data["key"]
    assert Api().get("/v1/users/me", headers={"X-API-Key": key}).status == 200
    age_windows()
    forget_keys()
    assert ada.get("/v1/users/me").status == 200


SCENARIOS: dict[str, Scenario] = {
    "gateway/authorizer": authorizer,
    "gateway/docs": requests("/docs"),
    "gateway/fallback": requests("/nowhere"),
    "gateway/health": requests("/health"),
    "gateway/openapi": requests("/openapi.json"),
    "gateway/ready": requests("/health/ready"),
}
