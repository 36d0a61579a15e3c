"""A Locust scenario: people who read, write and order.

An admin creates an account for each of them, since the limits of requests are for each account. At the end the
thresholds are checked; a process that exceeds one of them ends with exit code 1.
"""

import os
import time
from typing import Any
from uuid import uuid4

from locust import HttpUser, between, events, task
from locust.env import Environment

ADMIN = {"email": os.environ["LOAD_ADMIN"], "password": os.environ["LOAD_PASSWORD"]}
PASSWORD = "Simulated-person-7"  # noqa: S105 (of accounts that live for one run)
LATENCIES = {0.95: float(os.environ["LOAD_P95"]), 0.99: float(os.environ["LOAD_P99"])}
"""Milliseconds that this part of all requests may take."""
FAILURES = float(os.environ["LOAD_FAILURES"])
"""The part of all requests that may fail."""
WAIT = tuple(float(seconds) for seconds in os.environ["LOAD_WAIT"].split("-"))
"""Seconds between what a person does, from and to."""
SIGN_IN_SECONDS = 600
"""How long a person uses an access token, which expires after fifteen minutes."""
SLOW_BY_DESIGN = ("POST /v1/auth/login", "POST /v1/users")
"""They hash a password, which takes long on purpose, and happen once a person."""


class Person(HttpUser):
    """Somebody who is signed in."""

    wait_time = between(*WAIT)
    account_path = ""
    _signed_in_at = -float(SIGN_IN_SECONDS + 1)

    def on_start(self) -> None:
        """Create an account, and sign in."""
        name = f"load-{uuid4().hex[:16]}"
        account = {"email": f"{name}@example.com", "password": PASSWORD}
        created = self._post("/v1/users", {**account, "username": name, "name": "Load"}, headers=self._sign_in(ADMIN))
        self.account_path = f"/v1/users/{created['id']}"
        self._account = account
        self._stay_signed_in()

    def on_stop(self) -> None:
        """Delete the account."""
        if self.account_path:
            self.client.delete(self.account_path, headers=self._sign_in(ADMIN), name="DELETE /v1/users/{id}")

    @task(3)
    def look_at_posts(self) -> None:
        """Read the latest posts, and one of them."""
        self._stay_signed_in()
        posts = self._get("/v1/posts?limit=10", "GET /v1/posts")
        if posts:
            self._get(f"/v1/posts/{posts[0]['id']}", "GET /v1/posts/{id}")

    @task(1)
    def search(self) -> None:
        """Search posts."""
        self._stay_signed_in()
        self._get("/v1/posts?search=table&limit=10", "GET /v1/posts?search=")

    @task(2)
    def look_at_own_account(self) -> None:
        """Read the own user."""
        self._stay_signed_in()
        self._get("/v1/users/me", "GET /v1/users/me")

    @task(1)
    def change_own_account(self) -> None:
        """Change the own name."""
        self._stay_signed_in()
        body = {"name": f"Load {uuid4().hex[:6]}"}
        self.client.patch("/v1/users/me", json=body, name="PATCH /v1/users/me")

    @task(1)
    def buy(self) -> None:
        """Order the first product that is for sale, and look at the order."""
        self._stay_signed_in()
        products = [each for each in self._get("/v1/products?active=true", "GET /v1/products") or () if each["stock"]]
        if products:
            body = {"lines": [{"product_id": products[0]["id"], "quantity": 1}], "payment_method": "pm_card_visa"}
            order = self._post("/v1/orders", body, headers={"Idempotency-Key": uuid4().hex})
            self._get(f"/v1/orders/{order['id']}", "GET /v1/orders/{id}")

    def _stay_signed_in(self) -> None:
        if time.monotonic() - self._signed_in_at > SIGN_IN_SECONDS:
            self.client.headers.update(self._sign_in(self._account))
            self._signed_in_at = time.monotonic()

    def _sign_in(self, account: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._post('/v1/auth/login', account)['access_token']}"}

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401 (JSON)
        answer = self.client.post(path, json=body, headers=headers, name=f"POST {path}")
        answer.raise_for_status()
        return answer.json()["data"]

    def _get(self, path: str, name: str) -> Any:  # noqa: ANN401 (JSON)
        answer = self.client.get(path, name=name)
        return answer.json()["data"] if answer.ok else None


@events.quitting.add_listener
def check_thresholds(environment: Environment, **_: object) -> None:
    """Print the thresholds that were exceeded, and end with 1 if there are any."""
    total = environment.stats.total
    found = [] if total.num_requests else ["no request was answered"]
    found += [f"{total.fail_ratio:.2%} failed; {FAILURES:.2%} may"] if total.fail_ratio > FAILURES else []
    for entry in environment.stats.entries.values():
        if entry.name not in SLOW_BY_DESIGN:
            taken = {part: entry.get_response_time_percentile(part) for part in LATENCIES}
            late = [part for part, most in LATENCIES.items() if taken[part] > most]
            found += [f"{entry.name}: {part:.0%} in {taken[part]} ms; {LATENCIES[part]:.0f} may" for part in late]
    print("\n".join(["thresholds:", *(f"  {each}" for each in found)] if found else ["thresholds: kept"]))
    environment.process_exit_code = 1 if found else 0
