"""`make sam-local` with real containers, where Docker answers: two minutes.

They run in AWS's image where the machine has it, else in a stand-in for it.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, register
from tests.faults.cloud import wait_until
from tests.support import lambda_image
from tests.support.samples import sample
from tests.support.stack import ROOT, RunningStack, free_port

START_SECONDS = 60
STOP_SECONDS = 60
ANSWER_SECONDS = 60
"""The first call of a function builds an image for its layers."""
INVOKE_SECONDS = 120
LOG = "log"


@pytest.fixture(scope="module")
def image() -> str:
    try:
        return lambda_image.find()
    except lambda_image.Unavailable as reason:
        pytest.skip(str(reason))


@contextmanager
def sam_local(stack: RunningStack, image: str, output: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`make sam-local` on a running stack, from a shell with variables that are meant for something else."""
    foreign = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "other", "LAMINA_TABLE": "other"}
    command = [sys.executable, "-m", "local.sam_local", *arguments, "--invoke-image", image, "--skip-pull-image"]
    environment = {**os.environ, **foreign, "PORT": str(stack.port)}
    with (
        output.open("wb") as out,
        output.with_name(LOG).open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=log) as sam,
    ):
        try:
            yield sam
        finally:
            sam.send_signal(signal.SIGTERM)
            sam.wait(STOP_SECONDS)


def listens(port: int) -> bool:
    """Return whether something on the port speaks HTTP, without having a function run."""
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("TRACE", "/")
        return bool(connection.getresponse().status)
    except OSError:
        return False
    finally:
        connection.close()


def test_users_register_sign_in_and_read_themselves_and_nothing_is_left_behind(
    stack: RunningStack, image: str, tmp_path: Path
) -> None:
    port, before, output = free_port(), lambda_image.containers(), tmp_path / "output"
    with sam_local(stack, image, output, "start-api", "--port", str(port)) as sam:
        wait_until(lambda: sam.poll() is not None or listens(port), "sam local listens", START_SECONDS)
        assert sam.poll() is None, output.with_name(LOG).read_text()
        anyone = Client(port, set(), seconds=ANSWER_SECONDS)
        user = register(anyone)
        signed_in = anyone.signed_in(user["email"], PASSWORD)
        assert signed_in.get("/v1/users/me").data["id"] == user["id"]
        assert anyone.get("/v1/users/me").status == 401
        # It is the data of the stack.
        assert Client(stack.port, set(), signed_in.token).get("/v1/users/me").data["id"] == user["id"]
    assert lambda_image.containers() == before


@pytest.mark.parametrize(
    ("function", "event", "answer"),
    [
        pytest.param("SendMailFunction", "consumers/send_mail", {"batchItemFailures": []}, id="queue"),
        pytest.param("CountUsersFunction", "consumers/count_users", {"batchItemFailures": []}, id="stream"),
        pytest.param("SweepJobsFunction", "schedules/sweep_jobs", {"requeued": 0}, id="schedule"),
    ],
)
def test_functions_of_queues_streams_and_schedules_are_invoked(
    stack: RunningStack, image: str, tmp_path: Path, function: str, event: str, answer: dict[str, object]
) -> None:
    output, file = tmp_path / "output", tmp_path / "event.json"
    file.write_text(json.dumps(sample(event)), encoding="utf-8")
    with sam_local(stack, image, output, "invoke", function, "--event", str(file)) as sam:
        assert sam.wait(INVOKE_SECONDS) == 0, output.with_name(LOG).read_text()
    result = json.loads(output.read_text().splitlines()[-1])
    assert answer.items() <= result.items(), output.with_name(LOG).read_text()
