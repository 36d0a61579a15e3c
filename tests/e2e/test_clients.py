"""Generated clients on the running stack: sign-in, refresh, paging, errors by code, idempotent retry, webhooks."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from setup.engines import CLIENTS
from tests.e2e.client import Client
from tests.e2e.conftest import SEED_PASSWORD
from tests.support.make import outside_make
from tests.support.receiver import Received, receiver
from tests.support.stack import ROOT

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.long]
EDITOR = "editor@lamina.test"
PROGRAMS = ROOT / "tests" / "support" / "clients"
MODULES = CLIENTS / "node_modules"
TYPE_CHECKED = ("--strict", "--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--module", "commonjs")
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")
SECONDS = 300


def run(*command: object, sent: str = "", cwd: Path = ROOT, **environment: str) -> str:
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env={**outside_make(), **environment},
        input=sent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients as `make clients` generates them."""
    target = tmp_path_factory.mktemp("clients")
    run(sys.executable, "-m", "clients", target)
    return target


def signed(request: Received) -> str:
    """A request for a program that verifies it."""
    headers: Mapping[str, str] = {name.lower(): value for name, value in request.headers.items()}
    return json.dumps({"body": request.body.decode(), "headers": {name: headers[name] for name in SIGNED}})


def test_the_python_client_does_what_its_users_need(
    anyone: Client, seeded: str, generated: Path, secrets: set[str]
) -> None:
    assert seeded
    url = f"http://127.0.0.1:{anyone.port}"
    with receiver() as endpoint:
        arguments = (url, EDITOR, SEED_PASSWORD, uuid4(), endpoint.url("/python"))
        path = os.pathsep.join([str(generated / "python")])
        secret = run(sys.executable, PROGRAMS / "program.py", *arguments, PYTHONPATH=path)
        secrets.add(secret)
        (request,) = endpoint.wait_for("/python", 1)[:1]
    verified = json.loads(run(sys.executable, PROGRAMS / "verify.py", secret, sent=signed(request)))
    assert verified["type"] == "webhook.test"


def test_the_typescript_client_is_well_typed_and_does_what_its_users_need(
    anyone: Client, seeded: str, generated: Path, tmp_path: Path, secrets: set[str]
) -> None:
    assert seeded
    if not (generated / "typescript").exists():
        pytest.skip("npm could not install the generator")
    shutil.copytree(generated / "typescript", tmp_path / "client")
    shutil.copy(PROGRAMS / "program.ts", tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    run(MODULES / ".bin" / "tsc", *TYPE_CHECKED, "program.ts", cwd=tmp_path)
    url = f"http://127.0.0.1:{anyone.port}"
    with receiver() as endpoint:
        arguments = (url, EDITOR, SEED_PASSWORD, uuid4(), endpoint.url("/typescript"))
        secret = run("node", "program.js", *arguments, cwd=tmp_path)
        secrets.add(secret)
        (request,) = endpoint.wait_for("/typescript", 1)[:1]
    shutil.copy(PROGRAMS / "verify.cjs", tmp_path)
    verified = json.loads(run("node", "verify.cjs", secret, sent=signed(request), cwd=tmp_path))
    assert verified["type"] == "webhook.test"
