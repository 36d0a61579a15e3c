"""What stands before every endpoint, and speaks for the API as a whole."""

from tests.roles.process import Scenario, age_windows, forget_keys, place, requests
from tests.support.aws import Api, answer_of, invoke, signed_in
from tests.support.samples import sample, store_samples


def authorizer() -> None:
    ada, _ = signed_in("ada")
    assert ada.get("/v1/users/me").status == 200
    key = ada.post("/v1/api-keys", {"name": "CI", "scopes": ["read"]}).data["key"]
    assert Api().get("/v1/users/me", headers={"X-API-Key": key}).status == 200
    store_samples()
    client = answer_of(invoke(place("oauth2/grant"), sample("oauth2/grant"))).json["access_token"]
    assert Api(token=client).get("/v1/users/me").status < 500
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
