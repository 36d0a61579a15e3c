"""Starts everything in order, keeps it running, and stops it in the opposite order."""

import asyncio
import contextlib
import errno
import fcntl
import json
import shutil
import signal
import time
from collections.abc import Coroutine, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from local import sam, stack
from local.caller import told_to_stop
from local.child import LocalAws
from local.console.context import Context
from local.console.journal import Journal
from local.console.recorder import Recorder
from local.console.server import Console
from local.debugging.relay import Breakpoints
from local.failures import Failures
from local.front import NOT_LOADED, Front
from local.pages import LocalPages
from local.payments.server import Simulator
from local.running import announced
from local.settings import STACK_NAME, Settings, State
from local.terminal import Stopped, complain, say, seconds, step
from local.traces import Traces
from local.watch import Watcher

HEALTH_SECONDS = 30
HEALTH_POLL_SECONDS = 0.05
RESTARTS = 3
LONGEST_MESSAGE = 400


async def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; return 0. Raises Stopped if it cannot start or continue."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with _state_folder(settings.state), announced(settings):
        local = _Stack(settings)
        serving = asyncio.create_task(local.serve())
        stopping = asyncio.create_task(stop.wait())
        interrupted = asyncio.create_task(told_to_stop())
        try:
            await asyncio.wait({serving, stopping, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await serving
            else:
                say("stopping")
        finally:
            for task in (serving, stopping, interrupted):
                task.cancel()
            await asyncio.gather(serving, stopping, interrupted, return_exceptions=True)
            await local.close()
    return 0


class _Stack:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._failures = Failures(settings, lambda: self._stack)
        self._breakpoints = Breakpoints(settings, self._failures)
        self._aws = LocalAws(settings, self._tell)
        keeps = settings.state.keeps
        self._recorder = Recorder(
            Journal(settings.state.folder / "console.sqlite" if keeps else None), self._failures.logical
        )
        traces = Traces(self._recorder.segment, self._recorder.calls)
        self._payments = Simulator(
            settings.state.folder / "payments.sqlite" if keeps else None,
            f"{settings.url}/v1/payments/webhook",
            self._payment_secret,
        )
        self._console = Console(
            Context(
                self._recorder.journal, settings, self._aws.account, lambda: self._stack, self._payments, self._broken
            )
        )
        self._pages = LocalPages(
            settings,
            self._aws,
            lambda: self._stack,
            traces,
            self._payments,
            self._console,
            lambda: self._breakpoints.port,
        )
        self._front = Front(
            settings, self._pages.serve, self._look_again, self._failures.explained, traces, self._breakpoints.within
        )
        self._front.record = self._recorder.exchange
        self._front.stale = self._failures.stale
        self._record = settings.state.folder / "deployed.json"
        self._session: aiohttp.ClientSession | None = None
        self._stack: stack.Stack | None = None

    async def serve(self) -> None:
        """Start everything, print `ready`, and watch it; ends only by an exception."""
        begun = time.monotonic()
        say(f"lamina: {self._settings.url}, data in {self._place()}")
        self._session = aiohttp.ClientSession()
        watcher = Watcher(self._settings, self._aws, self._session, self._failures)
        self._front.look = watcher.look
        await self._listen()
        await asyncio.gather(self._start(), asyncio.to_thread(watcher.check_all))
        await watcher.catch_up(self._deployed_stack())
        with step("first request"):
            await self._wait_for_health()
        url, took = self._settings.url, seconds(time.monotonic() - begun)
        say(f"ready   {url}   in {took}; endpoints: {url}/docs, console: {url}/_local")
        making_live = watcher.make_live(self._deployed_stack, self._redeploy)
        with _running(making_live) as reloading, _running(self._keep_aws_running(watcher)) as keeping:
            ended, _ = await asyncio.wait({reloading, keeping}, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                await task

    async def close(self) -> None:
        """Stop everything, whatever was started."""
        self._console.close()
        self._breakpoints.close()
        await self._front.close()
        await self._payments.close()
        await self._aws.stop()
        self._recorder.journal.close()
        if self._session is not None:
            await self._session.close()

    async def _payment_secret(self) -> str | None:
        """Return the secret that signs notifications of payments, if the stack is deployed."""
        if self._stack is None:
            return None
        return await asyncio.to_thread(stack.payment_secret, self._stack, self._aws.account)

    def _tell(self, event: dict[str, Any]) -> None:
        """Print a message of the local AWS about a function."""
        if "failure" in event:
            failure = self._failures.add(event["failure"])
            self._recorder.failure(asdict(failure), str(event["failure"].get("request", "")))
            complain(f"{failure.function}: {failure.line}", failure.trace)
            return
        if "breakpoint" in event:
            self._breakpoints.reached(event["breakpoint"])
            return
        if "resumed" in event:
            self._breakpoints.ended(event["resumed"])
            return
        if "function" not in event:
            self._recorder.told(event)
            return
        name = self._failures.name(event["function"])
        if "printed" in event:
            say(f"{name}: {event['printed'][:LONGEST_MESSAGE]}")
        else:
            complain(f"{name}: {event['error'][:LONGEST_MESSAGE]}")

    def _broken(self) -> list[str]:
        return list(self._failures.broken.values())

    def _place(self) -> str:
        state = self._settings.state
        return str(state.folder) if state.keeps else "memory"

    def _deployed_stack(self) -> stack.Stack:
        if self._stack is None:
            raise Stopped("the stack was not found")
        return self._stack

    async def _listen(self) -> None:
        try:
            await self._front.listen()
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            port = self._settings.port
            raise Stopped(
                f"port {port} is in use: stop the process that listens on it, "
                f"or choose another with PORT={port + 1} make run"
            ) from error

    async def _start(self) -> None:
        building = asyncio.create_task(self._build())
        try:
            with step("local AWS"):
                await self._aws.start()
                await asyncio.to_thread(stack.prepare, self._aws.account)
            built = await building
        except BaseException:
            building.cancel()
            await asyncio.gather(building, return_exceptions=True)
            raise
        await self._deploy_if_needed(built)

    async def _build(self) -> str:
        with step("sam build"):
            return await sam.build(self._settings)

    async def _deploy_if_needed(self, built: str) -> None:
        if self._recorded() == built:
            await self._find()
        if self._stack is None:
            with step("sam deploy"):
                await self._deploy(built)

    async def _find(self) -> None:
        """Read the deployed stack, and point the front at its API."""
        found = await asyncio.to_thread(stack.find, self._aws.account)
        if found is not None:
            self._stack = found
            self._front.point_at(self._aws.account, found.api_id, found.socket_api_id)

    async def _look_again(self) -> None:
        """Find the API again for the front; the local AWS may not be running."""
        with contextlib.suppress(BotoCoreError, ClientError):
            await self._find()

    async def _deploy(self, built: str) -> None:
        account = self._aws.account
        try:
            await sam.deploy(self._settings, account)
        except Stopped as stopped:
            reason = await asyncio.to_thread(stack.failure, account)
            told_by_sam = f"sam deploy failed: {sam.shortened(reason, sam.LONGEST_REASON)}" if reason else str(stopped)
            raise Stopped("; ".join(filter(None, (told_by_sam, await sam.lint(self._settings))))) from stopped
        await self._find()
        if self._stack is None:
            raise Stopped(f"the stack {STACK_NAME} has no output ApiId that is a REST API with the stage live")
        assert self._session is not None  # noqa: S101  serve() made it
        await self._aws.ask(self._session, "save")
        self._record.write_text(json.dumps({"fingerprint": built}), encoding="utf-8")

    async def _redeploy(self) -> None:
        """Build and deploy changes, while the front serves the previous version."""
        await self._deploy(await sam.build(self._settings))

    def _recorded(self) -> str | None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            return str(json.loads(self._record.read_text(encoding="utf-8"))["fingerprint"])
        return None

    async def _wait_for_health(self) -> None:
        assert self._session is not None  # noqa: S101  serve() made it
        deadline = time.monotonic() + HEALTH_SECONDS
        answer = "nothing"
        while time.monotonic() < deadline:
            async with self._session.get(f"{self._settings.url}/health") as response:
                if response.status == 200:  # noqa: PLR2004  OK
                    return
                answer = f"{response.status}: {(await response.text())[:LONGEST_MESSAGE]}"
                if NOT_LOADED in answer:
                    break
            await asyncio.sleep(HEALTH_POLL_SECONDS)
        raise Stopped(f"GET /health did not return 200 but {answer}; the log is {self._settings.state.log}")

    async def _keep_aws_running(self, watcher: Watcher) -> None:
        """Restart the local AWS if it exits; at most a few seconds of data are lost."""
        for _ in range(RESTARTS):
            code = await self._aws.ended()
            complain(f"the local AWS exited with {code}: restarting it")
            self._front.api = None
            await self._aws.start()
            self._stack = None
            await self._deploy_if_needed(await sam.build(self._settings))
            await watcher.catch_up(self._deployed_stack())
            say("ready again")
        raise Stopped(f"the local AWS keeps exiting; its log is {self._settings.state.log}")


@contextlib.contextmanager
def _running(work: Coroutine[None, None, None]) -> Iterator[asyncio.Task[None]]:
    """Yield the work as a task that ends with the block."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()


@contextlib.contextmanager
def _state_folder(state: State) -> Iterator[Path]:
    """Yield the folder, locked for one supervisor; a temporary one is removed at the end."""
    with (state.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Stopped(
                f"another `make run` is using {state.folder}: stop it, or choose another with LAMINA_STATE=.local-2"
            ) from error
        try:
            yield state.folder
        finally:
            if not state.keeps:
                shutil.rmtree(state.folder, ignore_errors=True)
