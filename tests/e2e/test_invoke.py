"""`make invoke` against a running stack, and against none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack import ROOT, RunningStack, free_port

pytestmark = pytest.mark.xdist_group("stack")


def invoke(port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.invoke", *arguments],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["consumers/send_mail", "functions/consumers/send_mail.py", "SendMailFunction"])
def test_a_function_is_called_with_its_sample_by_any_of_its_names(stack: RunningStack, name: str) -> None:
    done = invoke(stack.port, name)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"batchItemFailures": []}), done.stderr


def test_a_function_is_called_with_an_event_of_ones_own_and_its_log_is_shown(
    stack: RunningStack, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"dry_run": true}', encoding="utf-8")
    done = invoke(stack.port, "schedules/sweep_jobs", str(event))
    assert json.loads(done.stdout)["requeued"] == 0
    assert json.loads(done.stderr)["dry_run"] is True


def test_a_function_that_fails_says_so(stack: RunningStack, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"dry_run": "yes"}', encoding="utf-8")
    done = invoke(stack.port, "schedules/sweep_jobs", str(event))
    assert done.returncode == 1
    assert "dry_run must be true or false" in done.stdout


def test_what_cannot_be_called_is_said_in_a_line(tmp_path: Path) -> None:
    broken = tmp_path / "event.json"
    broken.write_text("{", encoding="utf-8")
    for arguments, said in (
        (["users/gte"], "unknown function 'users/gte'"),
        (["users"], "users/get"),
        (["users/get", str(broken)], "is not a valid event"),
        (["users/get", str(tmp_path / "none.json")], "is not a valid event"),
        (["users/get"], "no stack runs"),
    ):
        done = invoke(free_port(), *arguments)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert said in done.stderr
