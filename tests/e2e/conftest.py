"""The running stack from outside, and what the tests may look at inside: its table and its logs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest

from lamina.storage.item import Item
from local.account import Account
from local.inside import ask_aws
from local.stack import client
from tests.e2e.client import Client
from tests.support.aging import age, naming
from tests.support.stack import ROOT, RunningStack, look

PASSWORD = "Correct-horse-9"
SEED_PASSWORD = "Seeded-for-tests-7"
UNRELATED = ("COUNTER#", "RECONCIL", "LIMIT#", "ONETIME#", "IDEMPOTENCY#consumer", "CIRCUIT#", "ACTIVITY#")
"""Keys of items that consumers write whenever they come to it, and of the windows that count every request."""


class Inside:
    """The local AWS behind the front."""

    def __init__(self, url: str) -> None:
        described = look(f"{url}/_local/stack")
        self._account = Account.of(described)
        self._resources: dict[str, str] = described["resources"]
        self._table = self._resources["Data/Table"]

    def items(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Everything in the table, by key, but what consumers write in their own time."""
        pages = client("dynamodb", self._account).get_paginator("scan").paginate(TableName=self._table)
        found = [item for page in pages for item in page["Items"]]
        return {
            (item["pk"]["S"], item["sk"]["S"]): item
            for item in found
            if not item["pk"]["S"].startswith(UNRELATED) and item["sk"]["S"] not in {"COUNTED", "WELCOME"}
        }

    def put(self, item: Item) -> None:
        """Store a new item as it is."""
        raw = {**item.serialize(), "version": {"N": "1"}}
        client("dynamodb", self._account).put_item(TableName=self._table, Item=raw)

    def verify(self, user_id: str) -> None:
        """Let a user have proven its address, without the mail."""
        client("dynamodb", self._account).update_item(
            TableName=self._table,
            Key={"pk": {"S": f"USER#{user_id}"}, "sk": {"S": "USER"}},
            UpdateExpression="SET email_verified = :yes ADD #version :one",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#version": "version"},
            ExpressionAttributeValues={":yes": {"BOOL": True}, ":one": {"N": "1"}},
        )

    def age(self, user_id: str, days: int) -> None:
        """Let time pass for one user."""
        age(client("dynamodb", self._account), self._table, user_id, days)

    def naming(self, *words: str) -> list[dict[str, Any]]:
        """Every item that holds one of these words."""
        return naming(client("dynamodb", self._account), self._table, *words)

    def run(self, schedule: str, event: Mapping[str, object]) -> dict[str, Any]:
        """What the function of a schedule answers when it is run by hand."""
        name = f"{self._resources[f'Async/{schedule}']}:live"
        answer = client("lambda", self._account).invoke(FunctionName=name, Payload=json.dumps(event))
        report: dict[str, Any] = json.load(answer["Payload"])
        assert "errorMessage" not in report, report
        return report

    def published(self, user_id: str) -> list[str]:
        """The types of the events about a user that are on the bus, of the newest hundred."""
        entries = ask_aws(self._account, "_lamina/events")
        events = [(entry["DetailType"], json.loads(entry["Detail"]).get("subject")) for entry in entries]
        return [event_type for event_type, subject in events if subject == user_id]

    def log_lines(self, since: float) -> list[str]:
        """What the functions have logged since this Unix time."""
        logs = client("logs", self._account)
        lines: list[str] = []
        for group in logs.describe_log_groups()["logGroups"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], startTime=int(since * 1000)
            )
            lines += [event["message"] for page in pages for event in page["events"]]
        return lines


@pytest.fixture(scope="session")
def inside(stack: RunningStack) -> Inside:
    return Inside(stack.url)


@pytest.fixture(scope="session")
def secrets() -> set[str]:
    """Everything of this run that must never be logged."""
    return {PASSWORD, SEED_PASSWORD}


@pytest.fixture(scope="session")
def seeded(stack: RunningStack) -> str:
    """What `make seed` printed: the demo users are there."""
    environment = {**os.environ, "PORT": str(stack.port), "SEED_PASSWORD": SEED_PASSWORD}
    seed = subprocess.run(
        [sys.executable, "-m", "local.seed"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert seed.returncode == 0, seed.stderr
    return seed.stdout


@pytest.fixture
def anyone(stack: RunningStack, secrets: set[str]) -> Client:
    """A client that is not signed in."""
    return Client(stack.port, secrets)


@pytest.fixture
def admin(anyone: Client, seeded: str) -> Client:  # noqa: ARG001 (a fixture that must be there)
    return anyone.signed_in("admin@lamina.test", SEED_PASSWORD)


@pytest.fixture
def newcomer(anyone: Client) -> dict[str, Any]:
    """Somebody who has just registered: the user as answered."""
    return register(anyone)


@pytest.fixture(autouse=True)
def nothing_secret_is_logged(inside: Inside, secrets: set[str]) -> Iterator[None]:
    """After each test: its function logs hold ids and facts, and no password, token, cursor or address."""
    begun = time.time()
    yield
    # A line of the test before may have come late.
    lines = inside.log_lines(begun - 1)
    leaked = [(secret, line) for line in lines for secret in secrets if secret in line]
    assert not leaked, leaked[:3]


def register(anyone: Client, **fields: object) -> dict[str, Any]:
    """Register somebody new."""
    name = f"u{uuid4().hex[:12]}"
    body = {"email": f"{name}@example.com", "username": name, "name": "New Comer", "password": PASSWORD, **fields}
    answer = anyone.post("/v1/auth/register", body)
    assert answer.status == 201, answer.body
    user: dict[str, Any] = answer.data
    return user


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait for a condition, and fail when it has not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
