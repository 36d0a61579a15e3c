"""`make metrics` of a running stack."""

import subprocess

import pytest

from tests.e2e.client import Client
from tests.support.make import outside_make
from tests.support.stack import ROOT, RunningStack

pytestmark = pytest.mark.xdist_group("stack")


def metrics(stack: RunningStack) -> dict[str, float]:
    command = ["make", "--silent", "metrics", f"PORT={stack.port}"]
    run = subprocess.run(command, cwd=ROOT, env=outside_make(), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    lines = [line.rpartition(" ") for line in run.stdout.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_each_request_is_counted_and_queues_are_shown(stack: RunningStack, anyone: Client) -> None:
    name = 'lamina_requests_total{method="GET",route="/health",status="200"}'
    assert anyone.get("/health").status == 200
    before = metrics(stack)[name]
    assert anyone.get("/health").status == 200
    after = metrics(stack)
    assert after[name] == before + 1
    assert any(each.startswith('lamina_queue_messages{queue="mail",state="waiting"') for each in after)
