"""Applies changes of the sources before the next request: code without a deployment, templates with one."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError
from watchfiles import awatch

from local.child import LocalAws
from local.failures import Failures
from local.reload import Reload
from local.settings import Settings
from local.sources import FOLDERS, Sources
from local.stack import Stack
from local.terminal import Stopped, complain, say, seconds
from operations.templates import fault, is_template

# A save often touches a file more than once; editors write beside and rename.
DEBOUNCE_MILLISECONDS = 100
STEP_MILLISECONDS = 30
UNTOLD_MILLISECONDS = 1000
PASSING = (aiohttp.ClientError, OSError, BotoCoreError, ClientError)

type Redeploy = Callable[[], Awaitable[None]]


class Watcher:
    """Watches one checkout for one local AWS, from the moment that it is made.

    Whoever is about to call a function looks first (`look`), and waits until the code is live; what nobody calls
    becomes live when the system tells of the change. A template or a layer of packages is deployed meanwhile.
    """

    def __init__(self, settings: Settings, aws: LocalAws, session: aiohttp.ClientSession, failures: Failures) -> None:
        self._root = settings.root
        self._reload = Reload(settings, aws, session)
        self._failures = failures
        self._sources = Sources(settings.root)
        self._looking = asyncio.Lock()
        self._waiting: set[Path] = set()
        """Files whose change is not live."""
        self._reloaded: set[Path] = set()
        """Files that a deploy that is under way may put back to what they were."""
        self._redeploy_wanted = asyncio.Event()
        self._stack: Callable[[], Stack] | None = None

    async def catch_up(self, stack: Stack) -> None:
        """Update code that was reloaded after the last deployment to the current sources."""
        await self._reload.catch_up(stack)

    def check_all(self) -> None:
        """Print every file that cannot be compiled: its functions fail when they are called, others do not."""
        for name in FOLDERS[:2]:
            for path in sorted((self._root / name).rglob("*.py")):
                if reason := self._broken(path):
                    complain(reason)

    async def make_live(self, stack: Callable[[], Stack], redeploy: Redeploy) -> None:
        """Apply changes as they happen, and print one line for each; never return."""
        self._stack = stack
        await asyncio.gather(self._look_when_told(), self._redeploy_when_wanted(redeploy))

    async def look(self) -> None:
        """Apply changes of functions and the core layer; a deployment that is needed runs by itself."""
        if self._stack is None or (not self._looking.locked() and self._sources.is_unchanged()):
            return
        async with self._looking:
            changed = self._sources.changed()
            if changed:
                await self._take_up(self._waiting | changed, self._stack())

    async def _look_when_told(self) -> None:
        await self.look()  # what has changed while everything started
        # The root by itself: an editor puts another file in the template's place, which a watch of the file would lose.
        watches = [
            (self._root, False),
            *((self._root / name, True) for name in FOLDERS if (self._root / name).is_dir()),
        ]
        await asyncio.gather(*(self._look_at(folder, recursive) for folder, recursive in watches))

    async def _look_at(self, folder: Path, recursive: bool) -> None:
        # The root's looks without being told too: nothing tells of a change before the system has begun to watch.
        async for _ in awatch(
            folder,
            recursive=recursive,
            debounce=DEBOUNCE_MILLISECONDS,
            step=STEP_MILLISECONDS,
            watch_filter=None,
            rust_timeout=UNTOLD_MILLISECONDS,
            yield_on_timeout=not recursive,
        ):
            await self.look()

    async def _take_up(self, changed: set[Path], stack: Stack) -> None:
        self._waiting = changed
        broken = {path for path in sorted(changed) if self._complains(path)}
        core, functions = self._root / "layers" / "core", self._root / "functions"
        places: dict[Path, set[Path]] = {}
        for path in changed:
            if path.is_relative_to(functions):
                places.setdefault(functions / path.relative_to(functions).parts[0], set()).add(path)
            else:
                places.setdefault(core if path.is_relative_to(core) else self._root, set()).add(path)
        for place, files in sorted(places.items()):
            if not files & broken:
                await self._make_place_live(place, files, stack)

    async def _make_place_live(self, place: Path, files: set[Path], stack: Stack) -> None:
        try:
            if place == self._root:
                self._redeploy_wanted.set()
                return
            if place == self._root / "layers" / "core":
                await self._reload.layer(place, stack)
            else:
                await self._reload.functions(place, stack)
            self._waiting -= files
            self._reloaded |= files
        except Stopped as error:
            complain(f"{error}; the previous version keeps serving")
        except PASSING as error:
            complain(f"the change could not be applied: {error}")

    async def _redeploy_when_wanted(self, redeploy: Redeploy) -> None:
        while True:
            await self._redeploy_wanted.wait()
            self._redeploy_wanted.clear()
            deployed = {path for path in self._waiting if self._needs_deploy(path)}
            self._reloaded = set()
            say(f"{'template' if any(path.suffix == '.yaml' for path in deployed) else 'layer'} changed: redeploying")
            begun = time.monotonic()
            try:
                await redeploy()
                say(f"redeployed in {seconds(time.monotonic() - begun)}")
                async with self._looking:
                    again, self._waiting = self._reloaded, self._waiting - deployed
                    if again and self._stack:
                        await self._take_up(self._waiting | again, self._stack())
            except Stopped as error:
                complain(f"{error}; the previous version keeps serving")
            except PASSING as error:
                complain(f"the change could not be applied: {error}")

    def _needs_deploy(self, path: Path) -> bool:
        return not any(path.is_relative_to(self._root / part) for part in ("functions", "layers/core"))

    def _complains(self, path: Path) -> bool:
        reason = self._broken(path)
        if reason:
            complain(f"{reason}; the previous version keeps serving")
        return reason is not None

    def _broken(self, path: Path) -> str | None:
        """Return why a file cannot be compiled, or is not a valid template, in one line; the console shows it too."""
        reason = fault(path, self._root) if is_template(path, self._root) and path.is_file() else None
        try:
            self._reload.check_syntax(path)
        except Stopped as error:
            reason = str(error)
        self._failures.broken.pop(path, None)
        if reason:
            self._failures.broken[path] = reason
        return reason
