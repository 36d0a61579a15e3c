"""Signs schemathesis in: loaded by it as its hooks, in its own process.

It does everything that the document offers, and so ends its own sessions and deletes its own users. Whoever was signed
out is replaced by another caller of the same role, made by an admin that no request may touch.
"""

import json
import os
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import schemathesis

URL = os.environ["CONTRACT_URL"]
ROLE = os.environ["CONTRACT_ROLE"]
KEEPER = {"email": "admin@lamina.test", "password": os.environ["SEED_PASSWORD"]}
PASSWORD = "Correct-horse-1"


def post(path: str, body: dict[str, Any], token: str = "") -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    # From another address than schemathesis, whose wrong passwords and secrets are counted for its own.
    connection = HTTPConnection(urlsplit(URL).netloc, timeout=20, source_address=("127.0.0.2", 0))
    try:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status < 300, content
        return json.loads(content)["data"]
    finally:
        connection.close()


class Callers:
    """Who the requests come from.

    Attributes:
        keeper: the admin that makes the others, and its id.
        token: of the caller in use, if there is one.
    """

    def __init__(self) -> None:
        signed_in = post("/v1/auth/login", KEEPER)
        self.keeper: str = signed_in["user"]["id"]
        self._keeper_token: str = signed_in["access_token"]
        self.token = ""

    def next(self) -> str:
        """The token of the caller in use, or of a new one."""
        if not self.token:
            name = f"caller-{uuid4().hex[:20]}"
            credentials = {"email": f"{name}@example.com", "password": PASSWORD}
            post("/v1/users", {**credentials, "username": name, "name": name, "role": ROLE}, self._keeper_token)
            self.token = post("/v1/auth/login", credentials)["access_token"]
        return self.token


CALLERS = Callers()


type Case = schemathesis.Case[Any]


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    """Gives every request an access token."""

    def get(self, _case: Case, _context: schemathesis.AuthContext) -> str:
        """The token to send."""
        return CALLERS.next()

    def set(self, case: Case, data: str, _context: schemathesis.AuthContext) -> None:
        """Put the token on a request."""
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Keep the keeper out of it."""
    if (case.path_parameters or {}).get("user_id") == CALLERS.keeper:
        case.path_parameters["user_id"] = str(uuid4())


@schemathesis.hook
def after_call(_context: schemathesis.HookContext, _case: Case, response: schemathesis.Response) -> None:
    """Notice that the caller in use is signed out."""
    sent = response.request.headers.get("Authorization", "")
    if response.status_code == 401 and sent == f"Bearer {CALLERS.token}":
        CALLERS.token = ""
