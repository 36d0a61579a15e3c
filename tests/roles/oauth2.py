"""Tokens for programs."""

from base64 import b64encode
from urllib.parse import urlencode

from tests.roles.process import Scenario, age_windows, forget_keys, place, requests
from tests.support.aws import Answer, answer_of, invoke
from tests.support.samples import CLIENT, sample, store_samples


def form(name: str, **fields: str) -> Answer:
    """Send the sample request of an OAuth client with another form."""
    forget_keys()
    return answer_of(invoke(place(name), sample(name) | {"body": urlencode(fields)}))


def oauth() -> None:
    store_samples()
    assert form("oauth2/grant", grant_type="client_credentials", client_secret="wrong").status == 400
    first = form("oauth2/grant", grant_type="client_credentials").json
    renewed = form("oauth2/grant", grant_type="refresh_token", refresh_token=first["refresh_token"]).json
    assert form("oauth2/introspect", token=renewed["access_token"]).json["active"]
    assert form("oauth2/revoke", token=renewed["refresh_token"]).status == 200
    renewed = form("oauth2/grant", grant_type="client_credentials").json
    assert form("oauth2/revoke", token=renewed["access_token"]).status == 200
    assert not form("oauth2/introspect", token=renewed["access_token"]).json["active"]
    tokens = [form("oauth2/grant", grant_type="client_credentials").json["refresh_token"]]
    for _ in range(2):
        renewed = form("oauth2/grant", grant_type="refresh_token", refresh_token=tokens[-1]).json
        tokens.append(renewed["refresh_token"])
    assert form("oauth2/grant", grant_type="refresh_token", refresh_token=tokens[0]).status == 400


def wrong_client() -> None:
    """A client that fails: its sample with another secret in the header."""
    oauth()
    for name in ("oauth2/grant", "oauth2/introspect", "oauth2/revoke"):
        age_windows()
        event = sample(name)
        event["headers"]["Authorization"] = "Basic " + b64encode(f"{CLIENT}:wrong".encode()).decode()
        event["multiValueHeaders"]["Authorization"] = [event["headers"]["Authorization"]]
        assert answer_of(invoke(place(name), event)).status == 401


SCENARIOS: dict[str, Scenario] = {
    "oauth2/grant": wrong_client,
    "oauth2/introspect": wrong_client,
    "oauth2/jwks": requests("/.well-known/jwks.json"),
    "oauth2/metadata": requests("/.well-known/oauth-authorization-server"),
    "oauth2/revoke": wrong_client,
}
