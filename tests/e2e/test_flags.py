"""Feature flags, changed by `make flags LOCAL=1` while the stack runs."""

import subprocess
import sys
from http import HTTPStatus
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import wait_until
from tests.support.make import outside_make
from tests.support.stack import ROOT, RunningStack

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.long]
SECONDS = 120.0
"""A process reads the flags once a minute."""


def set_flag(stack: RunningStack, value: str) -> str:
    command = [sys.executable, "-m", "operations.flags", "--local", "--flag", "registration", "--set", value]
    done = subprocess.run(
        command, cwd=ROOT, env={**outside_make(), "PORT": str(stack.port)}, capture_output=True, text=True, check=True
    )
    return done.stdout


def register(anyone: Client) -> int:
    name = f"flag-{uuid4().hex[:12]}"
    account = {"email": f"{name}@example.com", "username": name, "name": "Flag", "password": "Correct-horse-9"}
    return anyone.post("/v1/auth/register", account).status


def test_registration_is_closed_and_opened_again_without_a_deployment(stack: RunningStack, anyone: Client) -> None:
    assert register(anyone) == HTTPStatus.CREATED
    try:
        assert "registration" in set_flag(stack, "off")
        wait_until(lambda: register(anyone) == HTTPStatus.FORBIDDEN, "registration is closed", SECONDS)
    finally:
        set_flag(stack, "default")
    wait_until(lambda: register(anyone) == HTTPStatus.CREATED, "registration is open", SECONDS)
