"""The table that all contenders share: dynoxide, behind TLS as DynamoDB is."""

import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from bench import HOST, REGION, ROOT, TABLE
from bench.authority import make_authority
from bench.build.template import read_template
from bench.ports import free_port, wait_for

PROGRAM = ROOT / "node_modules" / "@dynoxide" / "linux-x64" / "dynoxide"
DATA = ROOT / "stacks" / "data.yaml"
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Engine:
    """A running engine.

    Attributes:
        http: its address without TLS, for the harness itself.
        https: its address for contenders.
        authority: the throw-away certificate authority, in PEM.
    """

    http: str
    https: str
    authority: str

    def client(self) -> Any:  # noqa: ANN401 (botocore makes its clients at run time, untyped)
        """Return a client for the harness."""
        config = Config(parameter_validation=False, max_pool_connections=16)
        session = boto3.Session("bench", "bench", region_name=REGION)
        return session.client("dynamodb", endpoint_url=self.http, config=config)


def missing() -> str:
    """Return why the benchmark cannot run on this machine; empty if it can."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "the benchmark needs Linux on x86-64, for which its DynamoDB engine is locked"
    return "" if PROGRAM.is_file() else "dynoxide was not found; install it with `python3 -m setup --engines`"


@contextmanager
def running() -> Iterator[Engine]:
    """Start an engine with an empty table, and a TLS proxy before it; stop both at the end."""
    with tempfile.TemporaryDirectory(prefix="lamina-bench-") as scratch:
        folder = Path(scratch)
        plain, encrypted = free_port(), free_port()
        authority = make_authority(folder)
        relay = [sys.executable, "-m", "bench.tls", str(encrypted), str(plain), str(folder)]
        with program(plain), _process(relay, encrypted, folder):
            engine = Engine(f"http://{HOST}:{plain}", f"https://{HOST}:{encrypted}", authority)
            engine.client().create_table(TableName=TABLE, **table_definition())
            yield engine


@contextmanager
def program(port: int, *options: str) -> Iterator[None]:
    """Run dynoxide on a port, in memory by default; stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="lamina-bench-") as scratch:
        serve = [str(PROGRAM), "serve", "--host", HOST, "--port", str(port), *options]
        with _process(serve, port, Path(scratch)):
            yield


def table_definition() -> dict[str, Any]:
    """Return the arguments of `create_table` for the deployed table."""
    properties = read_template(DATA)["Resources"]["Table"]["Properties"]
    taken = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    return {name: properties[name] for name in taken}


@contextmanager
def _process(command: list[str], port: int, folder: Path) -> Iterator[None]:
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
