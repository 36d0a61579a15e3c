"""`make shell` against a running stack."""

import os
import subprocess
import sys

import pytest

from tests.e2e.conftest import SEED_PASSWORD
from tests.support.stack import ROOT, RunningStack

pytestmark = pytest.mark.xdist_group("stack")

SCRIPT = """
me = users.service.get(viewer.id)
print(me.email, me.role, context(me).actor == viewer.id, caller(editor).role)
print(posts.reading.may_read, products.reading.get, orders.store.load, sep="\\n")
"""


def test_what_is_piped_in_runs_with_the_services_and_the_demo_users(stack: RunningStack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local.shell"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(stack.port), "SEED_PASSWORD": SEED_PASSWORD},
        input=SCRIPT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "viewer@lamina.test viewer True editor"
    assert len(done.stdout.splitlines()) == 4
