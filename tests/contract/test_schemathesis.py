"""The running API keeps to its OpenAPI document, whatever it is sent: schemathesis with every phase and every check."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import ROOT, RunningStack, start

HERE = Path(__file__).parent
SEED_PASSWORD = "Seeded-for-tests-7"
SECONDS = 1200
"""For one run of schemathesis: several times what it takes on two cores."""

pytestmark = [pytest.mark.xdist_group("contract"), pytest.mark.timeout(2 * SECONDS)]


@pytest.fixture(scope="module")
def seeded() -> Iterator[RunningStack]:
    """A stack of its own, with demo users: what happens to it here would upset other tests."""
    with start() as running:
        running.wait_for("ready")
        environment = {**os.environ, "PORT": str(running.port), "SEED_PASSWORD": SEED_PASSWORD}
        seed = [sys.executable, "-m", "local.seed"]
        subprocess.run(seed, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=SECONDS)
        yield running


GRAPHQL = ("graphql_execute", "graphql_query")
"""Documents are a language of their own, which no JSON Schema describes: nearly all that is generated is 400."""
OAUTH = ("oauth2_grant", "oauth2_introspect", "oauth2_revoke")


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_every_answer_to_a_caller_is_as_documented(seeded: RunningStack, role: str) -> None:
    # What is covered for one role is covered for the other; what differs is who may.
    phases = "examples,coverage,fuzzing,stateful" if role == "admin" else "examples"
    run(
        seeded, role, f"--phases={phases}", *(f"--exclude-operation-id={operation}" for operation in (*OAUTH, *GRAPHQL))
    )


def test_every_answer_to_a_program_is_as_documented(seeded: RunningStack) -> None:
    # A client may prove itself in the form instead of the header, and after many wrong secrets its address has to wait.
    chosen = (f"--include-operation-id={operation}" for operation in OAUTH)
    run(seeded, "viewer", "--exclude-checks=missing_required_header", *chosen)


def run(seeded: RunningStack, role: str, *options: str) -> None:
    """Run schemathesis as a caller of this role, and fail with what it prints."""
    environment = {
        **os.environ,
        "CONTRACT_URL": seeded.url,
        "CONTRACT_ROLE": role,
        "SEED_PASSWORD": SEED_PASSWORD,
        "PYTHONPATH": str(ROOT),
    }
    tool = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
    finished = subprocess.run(
        [*tool, "run", f"{seeded.url}/openapi.json", "--checks", "all", *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
