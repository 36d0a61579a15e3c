"""Connects debuggers to functions that have stopped at `breakpoint()`: one known port of 127.0.0.1 for all of them.

The port is open while a function is stopped. Each client gets the function that has waited longest. A client of the
Debug Adapter Protocol (https://microsoft.github.io/debug-adapter-protocol) learns where the sources of what runs are:
the request `attach` passes with the folders added, everything else unchanged. A client that begins with `pdb`, such as
`make debug`, gets the prompt of Python's debugger.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from local.failures import Failures
from local.settings import HOST, Settings
from local.terminal import say

CHUNK = 64 * 1024
END_OF_HEAD = b"\r\n\r\n"
PDB = b"pdb" + END_OF_HEAD
HOW = "attach VS Code (F5, docs/daily-loop.md) or run `make debug`"

type Json = dict[str, Any]


@dataclass
class Stop:
    """An invocation that has reached a breakpoint.

    Attributes:
        door: the port at which the function expects the relay; 0 if a debugger is attached to it.
        folders: the source folder of each folder that its code runs from.
        debugpy: the port of debugpy in its process; 0 before somebody has asked for it.
        is_taken: whether a debugger is connected.
    """

    door: int
    folders: dict[str, str]
    debugpy: int = 0
    is_taken: bool = False


class Breakpoints:
    """The invocations that have reached a breakpoint, and the port for debuggers."""

    def __init__(self, settings: Settings, failures: Failures) -> None:
        self._settings = settings
        self._failures = failures
        self._stops: dict[str, Stop] = {}
        self._server: asyncio.Server | None = None
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._awaited: set[asyncio.Task[Any]] = set()
        self.port: int | None = None
        """Where debuggers attach; None while no function is stopped."""

    @property
    def is_any(self) -> bool:
        """Whether a function is stopped, so that nothing may time out."""
        return bool(self._stops)

    def reached(self, told: Json) -> None:
        """Add an invocation, and print how to attach."""
        folders = self._failures.folders(told)
        self._stops[told["invocation"]] = Stop(told["door"], folders)
        if told["place"] is None:
            self._stops[told["invocation"]].is_taken = True
            return
        path, line = told["place"]
        for built, source in folders.items():
            path = path.replace(built, source)
        self._begin(self._announce(f"{self._failures.name(told['function'])}: {path}:{line}"))

    def ended(self, invocation: str) -> None:
        """Remove an invocation; after the last one, close the port."""
        self._stops.pop(invocation, None)
        if not self._stops:
            self.close()

    def close(self) -> None:
        """Stop listening, and give up what waits for a stopped function."""
        for work in self._awaited if self.is_any else ():
            work.cancel()
        self._stops.clear()
        self.port = None
        if self._server is not None:
            self._server.close()
            self._server = None

    async def within[T](self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns.

        Raises:
            TimeoutError: if it takes longer, and no function is stopped.
            ConnectionAbortedError: if everything ends while one is.
        """
        task = asyncio.ensure_future(work)
        self._awaited.add(task)
        try:
            while not (await asyncio.wait({task}, timeout=seconds))[0]:
                if not self.is_any:
                    raise TimeoutError
            if task.cancelled():
                raise ConnectionAbortedError
            return task.result()
        finally:
            self._awaited.discard(task)
            task.cancel()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _announce(self, place: str) -> None:
        known = self._settings.debug_port
        async with self._opening:
            if self._server is None:
                try:
                    self._server = await asyncio.start_server(self._serve, HOST, known, limit=CHUNK)
                except OSError:  # another stack's, most likely
                    self._server = await asyncio.start_server(self._serve, HOST, 0, limit=CHUNK)
                self.port = int(self._server.sockets[0].getsockname()[1])
        taken = "" if self.port == known else f" ({known} is in use)"
        say(f"{place}: breakpoint() waits on {HOST}:{self.port}{taken}: {HOW}", "yellow")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stop = next((each for each in self._stops.values() if not each.is_taken), None)
        with contextlib.suppress(OSError, EOFError, LookupError, ValueError, asyncio.LimitOverrunError):
            if stop is not None:
                stop.is_taken = True
                await self._carry(stop, reader, writer)
        if stop is not None:
            stop.is_taken = False
        writer.close()

    async def _carry(self, stop: Stop, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(END_OF_HEAD)
        if head == PDB:
            answers, requests = await asyncio.open_connection(HOST, stop.door)
            requests.write(b"pdb\n")
        else:
            stop.debugpy = stop.debugpy or await _debugpy(stop)
            answers, requests = await asyncio.open_connection(HOST, stop.debugpy)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_copied(answers, writer, _shown(stop) if head == PDB else bytes))
                group.create_task(self._pass_on(stop, head, reader, requests))
        finally:
            requests.close()

    async def _pass_on(
        self, stop: Stop, head: bytes, reader: asyncio.StreamReader, requests: asyncio.StreamWriter
    ) -> None:
        has_attached = head == PDB
        while not has_attached:
            body = await reader.readexactly(_length(head))
            message = json.loads(body)
            has_attached = message.get("command") == "attach"
            if has_attached:
                body = json.dumps(self._located(stop, message)).encode()
            requests.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            head = b"" if has_attached else await reader.readuntil(END_OF_HEAD)
        await _copied(reader, requests, bytes)

    def _located(self, stop: Stop, message: Json) -> Json:
        """Add the folders of the sources to a request `attach`."""
        ours = [
            {"localRoot": str(self._settings.root / source), "remoteRoot": built.rstrip("/")}
            for built, source in stop.folders.items()
        ]
        arguments = message.get("arguments") or {}
        return {**message, "arguments": {**arguments, "pathMappings": ours + (arguments.get("pathMappings") or [])}}


async def _debugpy(stop: Stop) -> int:
    """Ask a function to listen with debugpy; return the port."""
    reader, writer = await asyncio.open_connection(HOST, stop.door)
    try:
        writer.write(b"debugpy\n")
        return int(await reader.readline())
    finally:
        writer.close()


def _length(head: bytes) -> int:
    """Return the length of a message's body."""
    fields = dict(line.split(b": ", 1) for line in head.strip().split(b"\r\n"))
    return int(fields[b"Content-Length"])


def _shown(stop: Stop) -> Callable[[bytes], bytes]:
    """Return a function that puts the paths of the sources in place of those that run."""

    def shown(text: bytes) -> bytes:
        for built, source in stop.folders.items():
            text = text.replace(built.encode(), source.encode())
        return text

    return shown


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, change: Callable[[bytes], bytes]) -> None:
    """Copy until the one side has ended, then end the other."""
    try:
        while part := await reader.read(CHUNK):
            writer.write(change(part))
            await writer.drain()
    finally:
        writer.close()
