"""`make seed` against a running stack, and against none."""

import os
import subprocess
import sys

import pytest

from local.running import ports
from tests.e2e.client import Client
from tests.e2e.conftest import SEED_PASSWORD, Inside
from tests.support.stack import ROOT, RunningStack, free_port

pytestmark = pytest.mark.xdist_group("stack")


def seed(port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.seed"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_people_of_the_demo_can_sign_in(anyone: Client, seeded: str) -> None:
    for role in ("admin", "editor", "viewer"):
        assert f"{role}@lamina.test" in seeded
        client = anyone.signed_in(f"{role}@lamina.test", SEED_PASSWORD)
        assert client.get("/v1/users/me").data["role"] == role


def test_there_are_users_of_every_role_and_status(admin: Client) -> None:
    for query in ("role=admin", "role=editor", "role=viewer", "status=active", "status=inactive", "status=suspended"):
        assert admin.get(f"/v1/users?{query}").data
    assert len(admin.get("/v1/users?deleted=true").data) >= 2


def test_there_are_orders_that_were_sold_rejected_and_refunded(admin: Client) -> None:
    ends = {"confirmed": 3, "rejected": 2, "cancelled": 1}
    for status, number in ends.items():
        assert len(admin.get(f"/v1/orders?status={status}").data) >= number
    reasons = {order["reason"] for order in admin.get("/v1/orders?status=rejected").data}
    assert reasons >= {"PAYMENT_DECLINED", "OUT_OF_STOCK"}
    payments = {order["payment"]["status"] for order in admin.get("/v1/orders?status=cancelled").data}
    assert "refunded" in payments


def test_a_second_time_changes_nothing(stack: RunningStack, inside: Inside, seeded: str) -> None:
    assert seeded
    before = inside.items()
    again = seed(stack.port, SEED_PASSWORD="Another-password-1")
    assert again.returncode == 0
    assert "0 created, 3 existed already" in again.stdout
    assert "0 placed, 6 existed already" in again.stdout
    assert inside.items() == before


def test_it_finds_the_stack_that_runs_and_says_how_to_sign_in(stack: RunningStack, seeded: str) -> None:
    assert stack.port in ports(ROOT)
    assert f"curl -s {stack.url}/v1/auth/login " in seeded
    if ports(ROOT) == [stack.port]:  # somebody may have another
        found = subprocess.run(
            [sys.executable, "-m", "local.seed"],
            cwd=ROOT,
            env={**os.environ, "PORT": "", "SEED_PASSWORD": SEED_PASSWORD},
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"seeding {stack.url}" in found.stdout


def test_where_nothing_runs_one_line_says_so() -> None:
    port = free_port()
    failed = seed(port)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert f"no stack runs at http://127.0.0.1:{port}" in failed.stderr
    assert "make run" in failed.stderr


def test_a_password_that_the_api_would_refuse_is_refused(stack: RunningStack) -> None:
    failed = seed(stack.port, SEED_PASSWORD="Password1")
    assert failed.returncode == 1
    assert failed.stderr == "stopped: SEED_PASSWORD is one of the most common passwords; choose a different one\n"
