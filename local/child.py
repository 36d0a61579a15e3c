"""Starts, calls and stops the process of the local AWS."""

import asyncio
import contextlib
import importlib.util
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from local.account import Account
from local.settings import HOST, REGION, ROOT, Settings
from local.terminal import Stopped

START_SECONDS = 30
POLL_SECONDS = 0.02
STOP_SECONDS = 15
LOG_BYTES = 16 * 1024 * 1024
LONGEST_LINE = 1024 * 1024
# What the templates use, now and by the plan; MiniStack leaves the rest alone.
SERVICES = (
    "apigateway,cloudformation,cloudwatch,dynamodb,dynamodbstreams,events,iam,kms,lambda,logs,s3,scheduler,"
    "secretsmanager,ses,sns,sqs,ssm,states,sts,tagging"
)


class LocalAws:
    """The process of `python -m local.aws`, on a free port that the state folder remembers."""

    def __init__(self, settings: Settings, tell: Callable[[dict[str, Any]], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._echo: asyncio.Task[None] | None = None
        self._port = _free_port(settings.state.folder / "aws.port")
        self.account = Account.create(f"http://{HOST}:{self._port}", settings.state.credentials)

    async def start(self) -> None:
        """Start it and wait until it responds. Raises Stopped if it does not."""
        state = self._settings.state
        shutil.rmtree(state.temporary, ignore_errors=True)
        for folder in (state.aws, state.objects, state.temporary, state.layers):
            folder.mkdir(parents=True, exist_ok=True)
        if state.log.is_file() and state.log.stat().st_size > LOG_BYTES:
            state.log.replace(state.log.with_suffix(".log.1"))
        with state.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "local.aws",
                cwd=ROOT,
                env=self._environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                limit=LONGEST_LINE,
            )
        self._echo = asyncio.create_task(self._listen(self._process.stdout))
        await self._wait_until_it_answers()

    async def ended(self) -> int:
        """Wait until it exits; return its exit code."""
        assert self._process is not None  # noqa: S101  start() came first
        return await self._process.wait()

    async def ask(self, session: aiohttp.ClientSession, command: str, order: object = None) -> None:
        """Send it one of the commands of `control.py`."""
        url = f"{self.account.endpoint}/_lamina/{command}"
        async with session.post(url, json=order, headers=self.account.headers) as answer:
            answer.raise_for_status()

    async def stop(self) -> None:
        """Request it to save and exit; kill it after a timeout."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None  # noqa: S101  asked for above
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _wait_until_it_answers(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        async with aiohttp.ClientSession(headers=self.account.headers) as session:
            while asyncio.get_running_loop().time() < deadline:
                if self._process is None or self._process.returncode is not None:
                    break
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.account.endpoint}/_ministack/health"):
                        return
                await asyncio.sleep(POLL_SECONDS)
        raise Stopped(f"the local AWS did not start; its log is {self._settings.state.log}")

    async def _listen(self, output: asyncio.StreamReader | None) -> None:
        """Pass on its messages about functions, one JSON object per line: failures, output, logged errors."""
        assert output is not None  # noqa: S101  asked for at the start
        async for line in output:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                self._tell(json.loads(line))

    def _environment(self) -> dict[str, str]:
        """Return MiniStack's settings without the user's AWS variables; functions inherit them."""
        state = self._settings.state
        passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}
        return {
            **passed_on,
            "LANG": "C.UTF-8",
            "PYTHONUTF8": "1",
            **self.account.variables,
            "ALLOWED_ORIGINS": self._settings.origins,
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_HOST": HOST,
            "MINISTACK_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_XRAY_DAEMON_ADDRESS": f"{HOST}:{self._settings.port}",
            "AUTH": "true",
            "SERVICES": SERVICES,
            "PERSIST_STATE": "1" if state.keeps else "0",
            "STATE_DIR": str(state.aws),
            "S3_PERSIST": "1" if state.keeps else "0",
            "S3_DATA_DIR": str(state.objects),
            "LAMINA_LAYERS": str(state.layers),
            "LAMINA_DEBUGGER": str(ROOT / "local" / "debugging" / "function.py"),
            "LAMINA_DEBUGPY": _packages("debugpy"),
            "TMPDIR": str(state.temporary),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
        }


def _packages(package: str) -> str:
    """Return the folder that a package is installed in, without importing it."""
    spec = importlib.util.find_spec(package)
    return str(Path(spec.origin).parent.parent) if spec and spec.origin else ""


def _free_port(record: Path) -> int:
    """Return the previous port if it is free, else another."""
    with contextlib.suppress(OSError, ValueError):
        remembered = int(record.read_text(encoding="utf-8"))
        if _is_free(remembered):
            return remembered
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    record.write_text(str(port), encoding="utf-8")
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
