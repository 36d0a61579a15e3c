"""What the README says of deploying, done on a copy of the tree up to the account that a test does not have."""

import os
import re
import shutil
import struct
import subprocess
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest

from tests.support.make import outside_make

ROOT = Path(__file__).resolve().parents[2]
BUILT_FROM = ("Makefile", "functions", "layers", "operations", "samconfig.toml", "stacks", "template.yaml")
ANSWERS = ("eu-central-1", "https://api.example.com", "", "no-reply@example.com", "")
MACHINES = {"arm64": 183, "x86_64": 62}
"""`e_machine` of ELF files (System V ABI)."""
SECONDS = 480
UNREACHABLE = "Failed to fetch"
IDENTITY = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/operator</Arn><UserId>AIDA</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
REFUSAL = b"""<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>
<Message>No.</Message></Error></ErrorResponse>"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is built, on the virtual environment that is there."""
    for name in BUILT_FROM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def run(
    command: str, checkout: Path, answers: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the Makefile with nobody's credentials, and without the set-up."""
    inherited = {name: value for name, value in outside_make().items() if not name.startswith(("AWS_", "LAMINA_"))}
    nobody = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    return subprocess.run(
        ["bash", "-euc", f"{command} SETUP=true"],
        cwd=checkout,
        env={**inherited, **nobody, **variables},
        input="".join(f"{answer}\n" for answer in answers),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )


class Service(ThreadingHTTPServer):
    """An AWS that knows the credentials, and lets them do nothing."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Refuse)
        self.asked: list[str] = []


class Refuse(BaseHTTPRequestHandler):
    """Answers by the Query protocol of STS and CloudFormation."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        (action,) = parse_qs(body)["Action"]
        assert isinstance(self.server, Service)
        self.server.asked.append(action)
        known = action == "GetCallerIdentity"
        content = IDENTITY if known else REFUSAL
        self.send_response(200 if known else 403)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def deploy_line() -> str:
    """Return the first command of the README's chapter."""
    _, _, chapter = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Deploy it\n")
    found = re.search(r"^```sh\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL)
    assert found
    return found[1].strip()


def test_without_credentials_the_readmes_deploy_line_says_what_to_do_and_asks_and_builds_nothing(
    checkout: Path,
) -> None:
    done = run(deploy_line(), checkout, ANSWERS)
    assert done.returncode != 0
    assert done.stdout.startswith("stopped: no AWS credentials: run `aws configure`")
    assert "AWS_PROFILE" in done.stdout
    assert not (checkout / ".aws-sam").exists()
    assert "us-east-1" not in (checkout / "samconfig.toml").read_text(encoding="utf-8")


def test_the_readmes_deploy_line_asks_builds_and_deploys(checkout: Path, service: Service) -> None:
    account = {
        "AWS_ACCESS_KEY_ID": "known",
        "AWS_SECRET_ACCESS_KEY": "known",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{service.server_port}",
    }
    done = run(deploy_line(), checkout, ANSWERS, LAMINA_ARCHITECTURE="host", **account)
    assert done.returncode != 0
    assert "Build Succeeded" in done.stdout, done.stdout[-2000:]
    assert service.asked[0] == "GetCallerIdentity"
    assert "DescribeStacks" in service.asked, done.stdout[-2000:]
    assert len(re.findall(r"^  \[.*\] ", done.stdout, re.MULTILINE)) == len(ANSWERS)
    written = tomllib.loads((checkout / "samconfig.toml").read_text(encoding="utf-8"))["default"]["global"][
        "parameters"
    ]
    assert (written["region"], written["parameter_overrides"]["PublicUrl"]) == ANSWERS[:2]
    assert (checkout / ".aws-sam" / "build" / "template.yaml").is_file()


def test_layers_are_built_for_the_architecture_that_is_named(checkout: Path) -> None:
    for architecture, machine in MACHINES.items():
        line = f'make build ARGS="RuntimeLayer --parameter-overrides Architecture={architecture}"'
        done = run(line, checkout)
        if UNREACHABLE in done.stdout:
            pytest.skip("the package index does not answer")
        assert done.returncode == 0, done.stdout[-2000:]
        libraries = list((checkout / ".aws-sam" / "build" / "RuntimeLayer").rglob("*.so"))
        assert libraries
        assert {struct.unpack("<H", path.read_bytes()[18:20])[0] for path in libraries} == {machine}
