"""MiniStack as it comes and MiniStack as we mend it, each in a process, for tests of what the mends are for."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.stack import ROOT, free_port

ROLE_ARN = "arn:aws:iam::000000000000:role/any"
SECONDS = 20.0


class MiniStack:
    """One process; `mended` says which of the two."""

    def __init__(self, folder: Path, *, mended: bool) -> None:
        self.folder = folder
        self.mended = mended
        self.start()

    def start(self) -> None:
        """Start, or start again, with the state of the folder."""
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        temporary = self.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_HOST": "127.0.0.1",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.folder / "state"),
            "LAMINA_LAYERS": str(self.folder / "layers"),
            "TMPDIR": str(temporary),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
        }
        plain = ["-m", "hypercorn", "--workers", "0", "--bind", f"127.0.0.1:{self._port}", "ministack.app:app"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *(["-m", "local.aws"] if self.mended else plain)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        eventually(self._answers, "it answers")

    def stop(self) -> None:
        """A clean stop."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def client(self, service: Any) -> Any:
        """A boto3 client of it."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(read_timeout=SECONDS, retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
        )

    def deploy(self, name: str, resources: dict[str, Any], **outputs: Any) -> str:
        """Create or update a stack and wait; its status."""
        template = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
        cloudformation = self.client("cloudformation")
        exists = any(stack["StackName"] == name for stack in cloudformation.describe_stacks()["Stacks"])
        change = cloudformation.update_stack if exists else cloudformation.create_stack
        change(StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])

        def status() -> str:
            return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

        eventually(lambda: not status().endswith("_IN_PROGRESS"), f"{name} settles")
        return status()

    def outputs(self, name: str) -> dict[str, str]:
        """The outputs of a stack."""
        stack = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def function(self, name: str, code: str, **settings: Any) -> str:
        """A function whose handler is `handler` in `code`; its ARN."""
        arguments = {"FunctionName": name, "Runtime": "python3.13", "Handler": "code.handler", "Role": ROLE_ARN}
        made = self.client("lambda").create_function(**arguments, **settings, Code={"ZipFile": zipped("code.py", code)})
        return str(made["FunctionArn"])

    def invoke(self, name: str, event: object = None) -> Any:
        """What the function answers."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        return json.load(answer["Payload"])

    def logged(self, function: str) -> list[str]:
        """What the function printed, line by line."""
        logs = self.client("logs")
        group = f"/aws/lambda/{function}"
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return []
        return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port)):
                return True
        except OSError:
            return False

    def _end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.wait(SECONDS)
        if self._process.stdin is not None:
            self._process.stdin.close()


def eventually(condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait until the condition holds; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def zipped(name: str, content: str) -> bytes:
    """An archive of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()
