"""`make smoke` against a running stack, and against what is none."""

import subprocess

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import SEED_PASSWORD, Inside
from tests.support.make import outside_make
from tests.support.stack import ROOT, RunningStack, free_port

pytestmark = pytest.mark.xdist_group("stack")


def smoke(url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--silent", "smoke", f"URL={url}"]
    variables = {**outside_make(), **environment}
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def steps(run: subprocess.CompletedProcess[str]) -> list[str]:
    return [line.split("  ")[1].strip() for line in run.stdout.splitlines() if line.startswith("passed")]


def test_a_run_reads_writes_deletes_and_leaves_no_webhook(stack: RunningStack, inside: Inside) -> None:
    run = smoke(stack.url)
    assert run.returncode == 0, run.stdout + run.stderr
    assert steps(run)[0] == "the API is alive"
    assert steps(run)[-3:] == ["delete the webhook", "find it no more", "delete the registered user"]
    assert f"{stack.url} works." in run.stdout
    assert not [item for item in inside.naming("https://example.com/smoke") if item["pk"]["S"].startswith("WEBHOOK#")]


def test_a_given_account_is_used_and_stays(stack: RunningStack, anyone: Client, seeded: str) -> None:
    assert seeded
    run = smoke(stack.url, EMAIL="viewer@lamina.test", PASSWORD=SEED_PASSWORD)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "register" not in steps(run)
    assert steps(run)[-1] == "sign out"
    assert anyone.signed_in("viewer@lamina.test", SEED_PASSWORD).get("/v1/users/me").status == 200


def test_a_step_that_fails_ends_the_run_with_its_reason_and_the_correlation_id(stack: RunningStack) -> None:
    run = smoke(stack.url, EMAIL="viewer@lamina.test", PASSWORD="Not-the-password-1")
    assert run.returncode != 0
    assert "failed  sign in" in run.stdout
    assert "POST /v1/auth/login returned 401 instead of 200 (UNAUTHENTICATED" in run.stderr
    assert "correlation id " in run.stderr


def test_where_nothing_listens_the_first_step_fails() -> None:
    run = smoke(f"http://127.0.0.1:{free_port()}")
    assert run.returncode != 0
    assert run.stdout.startswith("failed  the API is alive")
    assert "does not respond" in run.stderr


def test_a_url_without_tls_is_refused_unless_it_is_local() -> None:
    run = smoke("http://api.example.com")
    assert run.returncode != 0
    assert "make smoke URL=https://api.example.com" in run.stderr
