"""OAuth 2.0 as its RFCs have it, and authlib as a client that knows nothing of us."""

import base64
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import BaseAdapter

from lamina.access.policy import Permission, Role
from lamina.events.request_context import RequestContext
from lamina.users import service as users
from tests.support.aws import Answer, Api
from tests.support.people import Person, person

CONTEXT = RequestContext(None, "test")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BOTH = ["client_credentials", "refresh_token"]
ROOT = "https://api.example.com/live"


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (the table must be there)
    return person("root", Role.ADMIN)


def register(admin: Person, scopes: list[str] | None = None, grants: list[str] | None = None) -> Any:
    body = {"name": "service", "scopes": scopes or ["read", "manage_users"], "grant_types": grants or BOTH}
    answer = admin.api.post("/v1/oauth-clients", body)
    assert answer.status == 201, answer.body
    return answer.data


def basic(client_id: str, secret: str) -> dict[str, str]:
    both = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": "Basic " + base64.b64encode(both.encode()).decode()}


def send(path: str, client: Any, address: str = "203.0.113.7", **form: str) -> Answer:
    headers = basic(client["client_id"], client["client_secret"]) if client else {}
    return Api(address).post(f"/oauth2/{path}", urlencode(form), headers={**FORM, **headers})


def grant(client: Any, **form: str) -> Any:
    answer = send("token", client, grant_type="client_credentials", **form)
    assert answer.status == 200, answer.body
    return answer.json


def error_of(answer: Answer) -> tuple[int, str]:
    assert set(answer.json) <= {"error", "error_description"}
    assert all(" " <= char <= "~" and char not in '"\\' for char in answer.json["error_description"])
    return answer.status, answer.json["error"]


def test_a_client_gets_a_token_in_the_rfcs_own_form(admin: Person) -> None:
    client = register(admin)
    answer = send("token", client, grant_type="client_credentials", scope="read")
    assert set(answer.json) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (answer.json["token_type"], answer.json["expires_in"], answer.json["scope"]) == ("Bearer", 900, "read")
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    claims = jwt.decode(answer.json["access_token"], options={"verify_signature": False})
    assert (claims["client_id"], claims["sub"], claims["scope"]) == (client["client_id"], admin.id, "read")


def test_the_secret_is_returned_once(admin: Person) -> None:
    client = register(admin)
    (listed,) = admin.api.get("/v1/oauth-clients").data
    assert listed == {name: value for name, value in client.items() if name != "client_secret"}


def test_a_token_does_what_its_scope_says(admin: Person) -> None:
    client = register(admin)
    wide, narrow = grant(client)["access_token"], grant(client, scope="read")["access_token"]
    assert Api(token=wide).get("/v1/users?role=admin").status == 200
    assert Api(token=narrow).get("/v1/users?role=admin").status == 403
    assert Api(token=narrow).get("/v1/users").status == 200
    assert Api(token=wide).post("/v1/api-keys", {"name": "k", "scopes": ["read"]}).status == 403


ERRORS: list[tuple[dict[str, str], str]] = [
    ({}, "invalid_request"),
    ({"grant_type": ""}, "invalid_request"),
    ({"grant_type": "password", "username": "x", "password": "y"}, "unsupported_grant_type"),
    ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials", "scope": "read delete"}, "invalid_scope"),
    ({"grant_type": "client_credentials", "scope": "READ"}, "invalid_scope"),
    ({"grant_type": "client_credentials", "scope": "é"}, "invalid_scope"),
    ({"grant_type": "refresh_token"}, "invalid_request"),
    ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
]


@pytest.mark.parametrize(("form", "error"), ERRORS)
def test_refusals_have_the_names_of_rfc_6749(admin: Person, form: dict[str, str], error: str) -> None:
    assert error_of(send("token", register(admin), **form)) == (400, error)


def test_a_grant_that_the_client_is_not_registered_for_is_refused(admin: Person) -> None:
    client = register(admin, grants=["client_credentials"])
    assert "refresh_token" not in grant(client)
    refused = send("token", client, grant_type="refresh_token", refresh_token="x")
    assert error_of(refused) == (400, "unauthorized_client")


@pytest.mark.parametrize("path", ["token", "revoke", "introspect"])
def test_an_unauthenticated_client_gets_a_challenge(admin: Person, path: str) -> None:
    client = register(admin)
    wrong = {**client, "client_secret": "wrong"}
    unknown = {"client_id": "01890a5d-ac96-774b-bcce-b302099a8057", "client_secret": "x"}
    odd = [{"client_id": text, "client_secret": "x"} for text in ("", "#", "é", "x" * 5000, "../..")]
    for who in (None, wrong, unknown, *odd):
        answer = send(path, who, grant_type="client_credentials", token="x")
        assert error_of(answer) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_id_and_secret_may_come_in_the_form_and_not_in_two_ways(admin: Person) -> None:
    client = register(admin)
    form = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    assert send("token", None, grant_type="client_credentials", **form).status == 200
    assert error_of(send("token", client, grant_type="client_credentials", **form)) == (400, "invalid_request")


@pytest.mark.parametrize("credentials", ["", "Basic", "Basic !!!", "Basic eA==", "Basic //79/A==", "Bearer x"])
@pytest.mark.usefixtures("admin")
def test_broken_credentials_are_an_invalid_client(credentials: str) -> None:
    answer = Api().post("/oauth2/token", "grant_type=x", headers={**FORM, "Authorization": credentials})
    assert error_of(answer) == (401, "invalid_client")


@pytest.mark.usefixtures("aws")
def test_a_form_of_more_than_1_mb_is_refused_in_the_envelope_as_api_gateway_does() -> None:
    answer = Api().post("/oauth2/token", "a=" + "b" * 1024 * 1024, headers=FORM)
    assert (answer.status, answer.error["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_parameter_that_comes_twice_is_an_invalid_request(admin: Person) -> None:
    client = register(admin)
    headers = {**FORM, **basic(client["client_id"], client["client_secret"])}
    twice = "grant_type=client_credentials&grant_type=refresh_token"
    assert error_of(Api().post("/oauth2/token", twice, headers=headers)) == (400, "invalid_request")


def test_json_is_not_taken(admin: Person) -> None:
    client = register(admin)
    headers = basic(client["client_id"], client["client_secret"])
    answer = Api().post("/oauth2/token", {"grant_type": "client_credentials"}, headers=headers)
    assert error_of(answer) == (415, "invalid_request")


def test_a_refresh_token_is_rotated_and_a_second_use_ends_the_family(admin: Person) -> None:
    client = register(admin)
    first = grant(client)
    second = send("token", client, grant_type="refresh_token", refresh_token=first["refresh_token"]).json
    repeated = send("token", client, grant_type="refresh_token", refresh_token=first["refresh_token"]).json
    assert first["refresh_token"] != second["refresh_token"] == repeated["refresh_token"]
    second = send("token", client, grant_type="refresh_token", refresh_token=second["refresh_token"]).json
    reused = send("token", client, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert error_of(reused) == (400, "invalid_grant")
    assert Api(token=second["access_token"]).get("/v1/users").status == 401
    dead = send("token", client, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert error_of(dead) == (400, "invalid_grant")


def test_a_refresh_narrows_and_never_widens_and_a_refused_one_spends_nothing(admin: Person) -> None:
    client = register(admin)
    token = grant(client, scope="read")["refresh_token"]
    wider = send("token", client, grant_type="refresh_token", refresh_token=token, scope="read manage_users")
    assert error_of(wider) == (400, "invalid_scope")
    assert send("token", client, grant_type="refresh_token", refresh_token=token).json["scope"] == "read"
    both = grant(client)["refresh_token"]
    narrowed = send("token", client, grant_type="refresh_token", refresh_token=both, scope="read").json
    assert narrowed["scope"] == "read"


def test_a_refresh_token_belongs_to_its_client(admin: Person) -> None:
    one, other = register(admin), register(admin)
    token = grant(one)["refresh_token"]
    stolen = send("token", other, grant_type="refresh_token", refresh_token=token)
    assert error_of(stolen) == (400, "invalid_grant")
    assert Api().post("/v1/auth/refresh", {"refresh_token": token}).status == 401
    persons = send("token", one, grant_type="refresh_token", refresh_token=admin.refresh_token)
    assert error_of(persons) == (400, "invalid_grant")
    assert send("token", one, grant_type="refresh_token", refresh_token=token).status == 200
    assert admin.refresh().status == 200


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_both(admin: Person, which: str) -> None:
    client = register(admin)
    tokens = grant(client)
    assert send("revoke", client, token=tokens[which], token_type_hint="whatever").status == 200
    assert Api(token=tokens["access_token"]).get("/v1/users").status == 401
    assert send("token", client, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status == 400


def test_revoking_nonsense_or_the_token_of_another_is_no_error_and_does_nothing(admin: Person) -> None:
    one, other = register(admin), register(admin)
    tokens = grant(one)
    for text in ("x", "é", tokens["access_token"], tokens["refresh_token"], admin.api.token, admin.refresh_token):
        assert send("revoke", other, token=text).status == 200
    assert error_of(send("revoke", other)) == (400, "invalid_request")
    assert Api(token=tokens["access_token"]).get("/v1/users").status == 200
    assert admin.is_signed_in()


def test_introspection_tells_what_is_good_now_and_of_the_rest_nothing(admin: Person) -> None:
    client = register(admin)
    tokens = grant(client)
    event = send("introspect", client, token=tokens["access_token"]).json
    assert (event["active"], event["client_id"], event["sub"]) == (True, client["client_id"], admin.id)
    for text in ("x", tokens["access_token"] + "x", tokens["refresh_token"]):
        assert send("introspect", client, token=text).json == {"active": False}
    send("revoke", client, token=tokens["access_token"])
    assert send("introspect", client, token=tokens["access_token"]).json == {"active": False}


def test_a_client_introspects_its_own_tokens_and_a_resource_server_those_of_all(admin: Person) -> None:
    client, other = register(admin), register(admin)
    server = register(admin, scopes=["introspect"])
    for token in (grant(client)["access_token"], admin.api.token):
        assert send("introspect", other, token=token).json == {"active": False}
        assert send("introspect", server, token=token).json["active"]


def test_no_token_is_issued_for_introspection(admin: Person) -> None:
    server = register(admin, scopes=["introspect", "read"])
    assert grant(server)["scope"] == "read"
    for scope in ({}, {"scope": "introspect"}):
        answer = send("token", register(admin, scopes=["introspect"]), grant_type="client_credentials", **scope)
        assert error_of(answer) == (400, "invalid_scope")


def test_no_api_key_introspects(admin: Person) -> None:
    assert admin.api.post("/v1/api-keys", {"name": "k", "scopes": ["introspect"]}).status == 400


@pytest.mark.parametrize("end", ["suspended", "demoted", "logged out", "removed"])
def test_tokens_of_a_client_end_with_its_owner_and_with_the_client(admin: Person, end: str) -> None:
    client = register(admin)
    token, other = grant(client)["access_token"], person("other", Role.ADMIN)
    if end == "removed":
        assert other.api.delete(f"/v1/oauth-clients/{client['id']}").status == 204
        assert error_of(send("token", client, grant_type="client_credentials")) == (401, "invalid_client")
    elif end == "logged out":
        admin.api.post("/v1/auth/logout-all")
    else:
        change = {"status": "suspended"} if end == "suspended" else {"role": "viewer"}
        users.update(admin.id, change, CONTEXT, if_version=lambda _: True)
    assert Api(token=token).get("/v1/users").status == 401


def test_a_client_never_gets_more_than_its_owner_may(admin: Person) -> None:
    client, lost = register(admin, scopes=list(Permission)), register(admin, scopes=["manage_users"])
    users.update(admin.id, {"role": "viewer"}, CONTEXT, if_version=lambda _: True)
    assert grant(client)["scope"] == "delete read write"
    assert error_of(send("token", lost, grant_type="client_credentials")) == (400, "invalid_scope")
    users.update(admin.id, {"status": "suspended"}, CONTEXT, if_version=lambda _: True)
    assert error_of(send("token", client, grant_type="client_credentials")) == (400, "invalid_grant")


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_clients_are_for_admins(admin: Person, role: Role) -> None:
    client, other = register(admin), person("other", role)
    body = {"name": "c", "scopes": ["read"], "grant_types": BOTH}
    refused = [
        other.api.post("/v1/oauth-clients", body),
        other.api.get("/v1/oauth-clients"),
        other.api.delete(f"/v1/oauth-clients/{client['id']}"),
    ]
    assert [answer.status for answer in refused] == [403] * 3


class InProcess(BaseAdapter):
    """Carries what requests sends to the functions."""

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        url = urlsplit(str(request.url))
        target = url.path.removeprefix("/live") + (f"?{url.query}" if url.query else "")
        headers = {name: str(value) for name, value in request.headers.items()}
        answer = Api().call(str(request.method), target, body=request.body, headers=headers)
        response = requests.Response()
        response.status_code, response._content, response.url = answer.status, answer.body, str(request.url)
        response.headers.update(answer.headers)
        return response

    def close(self) -> None:
        pass


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_unmodified_gets_refreshes_introspects_and_revokes_tokens(admin: Person, method: str) -> None:
    client = register(admin)
    session = OAuth2Session(
        client["client_id"], client["client_secret"], scope="read", token_endpoint_auth_method=method
    )
    session.mount("https://", InProcess())
    metadata = session.get(f"{ROOT}/.well-known/oauth-authorization-server", withhold_token=True).json()
    assert metadata["issuer"] == ROOT
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert (token["scope"], token.is_expired()) == ("read", False)
    assert session.get(f"{ROOT}/v1/users").status_code == 200
    renewed = session.refresh_token(metadata["token_endpoint"])
    assert renewed["access_token"] != token["access_token"]
    event = session.introspect_token(metadata["introspection_endpoint"], renewed["access_token"]).json()
    assert event["active"] is True
    assert session.revoke_token(metadata["revocation_endpoint"], renewed["refresh_token"]).status_code == 200
    assert session.get(f"{ROOT}/v1/users").status_code == 401
