"""`make smoke URL=…`: signs in, reads, writes and deletes through a running API, and prints each step.

`EMAIL=…` and `PASSWORD=…` are those of an account without a second factor. Without them, an account is registered and
deleted again; its address is one of SES's mailbox simulator, so that no mail bounces. What a failed step leaves behind
is deleted. The exit code is 1 if a step fails.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from secrets import token_hex, token_urlsafe
from typing import Any

SECONDS = 30
"""How long each step may take; API Gateway waits for 29 seconds."""
CONTENT = {"Content-Type": "application/json"}


class Failed(Exception):
    """A step did not have the expected result."""


@dataclass(frozen=True)
class Answer:
    """A response: its status, headers and JSON."""

    status: int
    headers: Message
    json: Any

    @property
    def data(self) -> Any:  # noqa: ANN401 (JSON)
        """The content of the envelope."""
        return self.json["data"]


@dataclass
class Api:
    """The API as one caller.

    Attributes:
        url: of the API, without a slash at the end.
        token: access token of the session, if any.
    """

    url: str
    token: str = ""

    def call(self, method: str, path: str, expected: HTTPStatus, body: object = None, **headers: str) -> Answer:
        """Send a request.

        Raises:
            Failed: if the status is not the expected one, or there is no response.
        """
        sent = {**CONTENT, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", content, sent, method=method)  # noqa: S310 (checked in `main`)
        answer = _answer(request)
        if answer.status != expected:
            raise Failed(f"{method} {path} returned {answer.status} instead of {expected.value}{_explained(answer)}")
        return answer


def _answer(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310 (checked in `main`)
            return Answer(response.status, response.headers, _json(response.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, _json(error.read()))
    except (OSError, TimeoutError) as error:
        raise Failed(f"{request.full_url} does not respond: {error}") from error


def _json(content: bytes) -> Any:  # noqa: ANN401 (JSON)
    with suppress(ValueError):
        return json.loads(content) if content else {}
    return {}


def _explained(answer: Answer) -> str:
    """Return code, message and correlation id of an error: what finds it in the log."""
    error = answer.json.get("error") if isinstance(answer.json, dict) else None
    facts = [f"{error['code']}: {error['message']}"] if isinstance(error, dict) else []
    if found := answer.headers.get("X-Correlation-Id"):
        facts.append(f"correlation id {found}")
    return f" ({'; '.join(facts)})" if facts else ""


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print a step with its duration, and whether it passed."""
    started = time.monotonic()
    try:
        yield
    except Failed:
        print(f"failed  {what}", flush=True)
        raise
    print(f"passed  {what:32}{(time.monotonic() - started) * 1000:6.0f} ms", flush=True)


def run(url: str, email: str = "", password: str = "") -> None:
    """Run every step.

    Raises:
        Failed: at the first one that fails.
    """
    api = Api(url)
    with step("the API is alive"):
        api.call("GET", "/health", HTTPStatus.OK)
    with step("its dependencies respond"):
        api.call("GET", "/health/ready", HTTPStatus.OK)
    with _account(api, email, password):
        _read_write_delete(api)


@contextmanager
def _account(api: Api, email: str, password: str) -> Iterator[None]:
    """Sign in, with an account of this run if none is given."""
    is_given = bool(email)
    if not is_given:
        name, password = f"smoke_{token_hex(6)}", f"Aa9{token_urlsafe(24)}"
        email = f"success+{name}@simulator.amazonses.com"
        with step("register"):
            body = {"email": email, "username": name, "name": "Smoke test", "password": password}
            api.call("POST", "/v1/auth/register", HTTPStatus.CREATED, body)
    with step("sign in"):
        signed_in = api.call("POST", "/v1/auth/login", HTTPStatus.OK, {"email": email, "password": password})
        if "access_token" not in signed_in.data:
            raise Failed("the account has a second factor: choose one without")
        api.token = signed_in.data["access_token"]
    with step("read the own user"):
        user = api.call("GET", "/v1/users/me", HTTPStatus.OK).data
    try:
        yield
    finally:
        if not is_given:
            with step("delete the registered user"):
                api.call("DELETE", f"/v1/users/{user['id']}", HTTPStatus.NO_CONTENT)
    if is_given:
        with step("sign out"):
            api.call("POST", "/v1/auth/logout", HTTPStatus.NO_CONTENT)


def _read_write_delete(api: Api) -> None:
    """Create, read, change and delete a webhook: it belongs to the caller, and nothing is ever sent to it."""
    wanted = {"url": "https://example.com/smoke", "events": ["user.restored"], "description": "smoke test"}
    key = token_hex(16)
    with step("create a webhook"):
        created = api.call("POST", "/v1/webhooks", HTTPStatus.CREATED, wanted, Idempotency_Key=key).data
    path = f"/v1/webhooks/{created['id']}"
    try:
        with step("repeat it without a second one"):
            again = api.call("POST", "/v1/webhooks", HTTPStatus.CREATED, wanted, Idempotency_Key=key).data
            _require(again["id"] == created["id"], "the repeated request created another webhook")
        with step("read the webhook"):
            etag = api.call("GET", path, HTTPStatus.OK).headers["ETag"]
        with step("change it as it was read"):
            changed = api.call("PATCH", path, HTTPStatus.OK, {"description": "changed"}, If_Match=etag)
            _require(changed.data["description"] == "changed", "the change is not in the response")
        with step("refuse to change what is outdated"):
            api.call("PATCH", path, HTTPStatus.PRECONDITION_FAILED, {"description": "lost"}, If_Match=etag)
    except Failed:
        with suppress(Failed):
            api.call("DELETE", path, HTTPStatus.NO_CONTENT)
        raise
    with step("delete the webhook"):
        api.call("DELETE", path, HTTPStatus.NO_CONTENT)
    with step("find it no more"):
        api.call("GET", path, HTTPStatus.NOT_FOUND)


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)


def main() -> None:
    """Read the command line, run, and exit with 1 if a step fails."""
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    parser.add_argument("url", help="URL of the API")
    url = parser.parse_args().url.rstrip("/")
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        sys.exit("stopped: give the URL of the API, such as `make smoke URL=https://api.example.com`")
    try:
        run(url, os.environ.get("EMAIL", ""), os.environ.get("PASSWORD", ""))
    except Failed as error:
        sys.exit(f"stopped: {error}")
    print(f"{url} works.")


if __name__ == "__main__":
    main()
