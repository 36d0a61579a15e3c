"""Runs schemathesis against a stack of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.stack import ROOT, RunningStack, start

HERE = Path(__file__).parent
SEED_PASSWORD = "Seeded-for-tests-7"
SECONDS = 1200
"""For one run of schemathesis: several times what it takes on two cores."""
GRAPHQL = ("graphql.execute", "graphql.query")
"""Documents are a language of their own, which no JSON Schema describes: nearly all that is generated is 400."""
OAUTH = ("oauth2.grant", "oauth2.introspect", "oauth2.revoke")
NEITHER = [f"--exclude-operation-id={operation}" for operation in (*OAUTH, *GRAPHQL)]


@contextmanager
def seeded_stack() -> Iterator[RunningStack]:
    """Yield a stack of its own, with demo users: what happens to it here would upset other tests."""
    with start() as running:
        running.wait_for("ready")
        environment = {**os.environ, "PORT": str(running.port), "SEED_PASSWORD": SEED_PASSWORD}
        seed = [sys.executable, "-m", "local.seed"]
        subprocess.run(seed, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=SECONDS)
        yield running


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
