"""Updates the code of deployed functions through Lambda's API, without a deployment."""

import asyncio
import hashlib
import io
import json
import re
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from local import sam
from local.child import LocalAws
from local.settings import Settings
from local.stack import Stack, client
from local.terminal import Stopped, say, seconds

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

ALIAS = "live"
EPOCH = (1980, 1, 1, 0, 0, 0)


class Reload:
    """Uploads changed folders, and records them so that a later start can catch up."""

    def __init__(self, settings: Settings, aws: LocalAws, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._aws = aws
        self._session = session
        self._record = settings.state.folder / "reloaded.json"
        self._published: dict[str, str] = {}

    def check_syntax(self, path: Path) -> None:
        """Raise Stopped with one line if an existing Python file cannot be compiled."""
        if path.suffix != ".py" or not path.is_file():
            return
        try:
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            raise Stopped(f"{path.relative_to(self._settings.root)}{line}: {reason}") from error

    async def functions(self, folder: Path, stack: Stack) -> None:
        """Update every function of a source folder to the current code of the folder."""
        names = [
            stack.resources[logical]
            for logical in sam.read_built(self._settings).functions.get(folder, [])
            if logical in stack.resources
        ]
        if not names or not any(_files(folder)):
            return
        begun = time.monotonic()
        await asyncio.to_thread(self._push, names, _zipped(folder))
        self._remember(folder)
        count = "1 function" if len(names) == 1 else f"{len(names)} functions"
        say(f"reloaded {folder.relative_to(self._settings.root)}: {count} in {seconds(time.monotonic() - begun)}")

    async def layer(self, folder: Path, stack: Stack) -> None:
        """Update the layer of every function to its folder, and report whether it has changed."""
        is_new = self._remembered().get(str(folder.relative_to(self._settings.root))) != _digest(folder)
        begun = time.monotonic()
        for logical in sam.read_built(self._settings).layers.get(folder, []):
            arn = _layer_arn(logical, stack)
            if arn is not None:
                made = await self._make(folder, logical)
                await self._aws.ask(self._session, "layers", {"layer": arn, "folder": str(made)})
        self._remember(folder)
        if is_new:
            say(f"reloaded {folder.relative_to(self._settings.root)} in {seconds(time.monotonic() - begun)}")

    async def catch_up(self, stack: Stack) -> None:
        """Upload reloaded folders that have changed since the last deployment; layers always: a restart drops them."""
        for name, digest in self._remembered().items():
            folder = self._settings.root / name
            if folder.is_relative_to(self._settings.root / "layers"):
                await self.layer(folder, stack)
            elif folder.is_dir() and _digest(folder) != digest:
                await self.functions(folder, stack)

    def _push(self, names: list[str], code: bytes) -> None:
        lambda_client: LambdaClient = client("lambda", self._aws.account)
        for name in names:
            lambda_client.update_function_code(FunctionName=name, ZipFile=code)
            version = lambda_client.publish_version(FunctionName=name)["Version"]
            lambda_client.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version)
            replaced = self._published.pop(name, None)
            if replaced not in {None, version}:
                lambda_client.delete_function(FunctionName=name, Qualifier=str(replaced))
            self._published[name] = version

    async def _make(self, folder: Path, logical: str) -> Path:
        """Build the layer by its own Makefile, as sam does, into a folder of its own."""
        target = self._settings.state.layers / f"{logical}-{_digest(folder)}"
        if target.is_dir():
            return target
        process = await asyncio.create_subprocess_exec(
            "make",
            "--silent",
            "-C",
            str(folder),
            f"build-{logical}",
            f"ARTIFACTS_DIR={target}",
            env=sam.build_environment(self._settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise Stopped(f"{folder.relative_to(self._settings.root)}: {output.decode(errors='replace').strip()}")
        return target

    def _remembered(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._record.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def _remember(self, folder: Path) -> None:
        record = {**self._remembered(), str(folder.relative_to(self._settings.root)): _digest(folder)}
        self._record.write_text(json.dumps(record), encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def _digest(folder: Path) -> str:
    digest = hashlib.blake2b(sys.version.encode(), digest_size=8)
    for path in _files(folder):
        digest.update(f"\0{path.relative_to(folder)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files(folder):
            archive.writestr(zipfile.ZipInfo(str(path.relative_to(folder)), EPOCH), path.read_bytes())
    return buffer.getvalue()


def _layer_arn(logical: str, stack: Stack) -> str | None:
    """Return the deployed version of a layer; SAM appends a digest of its content to the logical id."""
    named = re.compile(rf"{re.escape(logical)}[0-9a-f]{{10}}")
    return next((arn for name, arn in stack.resources.items() if named.fullmatch(name)), None)
