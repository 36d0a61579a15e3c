"""Changes to the sources, live on the next request: a function's code without a deploy, the template by one."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError
from watchfiles import Change, DefaultFilter, awatch

from local.child import LocalAws
from local.reload import Reload
from local.settings import Settings
from local.stack import Stack
from local.terminal import Stopped, complain, say, seconds

TEMPLATE = "template.yaml"
FOLDERS = ("functions", "layers", "stacks")
# A save often touches a file more than once; editors write beside and rename.
DEBOUNCE_MILLISECONDS = 100
STEP_MILLISECONDS = 30
PASSING = (aiohttp.ClientError, OSError, BotoCoreError, ClientError)

type Redeploy = Callable[[], Awaitable[None]]


class Sources(DefaultFilter):
    """What is watched in the folders: the sources, not what Python or an editor leaves beside them."""

    def __call__(self, change: Change, path: str) -> bool:
        """Whether the file matters."""
        return super().__call__(change, path) and not path.endswith((".pyc", ".tmp", "~"))


class Watcher:
    """Watches one checkout for one local AWS."""

    def __init__(self, settings: Settings, aws: LocalAws, session: aiohttp.ClientSession) -> None:
        self._root = settings.root
        self._reload = Reload(settings, aws, session)
        self._batches: asyncio.Queue[set[Path]] = asyncio.Queue()

    async def catch_up(self, stack: Stack) -> None:
        """Bring code that was reloaded after the last deploy to what the sources are now."""
        await self._reload.catch_up(stack)

    async def collect(self) -> None:
        """For ever: note what changes. Begun before the sources are read, so that nothing is missed."""
        await asyncio.gather(self._watch_folders(), self._watch_template())

    async def make_live(self, stack: Callable[[], Stack], redeploy: Redeploy) -> None:
        """For ever: whatever was noted is made live, and said in one line."""
        while True:
            await self._take_up(await self._batches.get(), stack, redeploy)

    async def _watch_folders(self) -> None:
        folders = [folder for folder in (self._root / name for name in FOLDERS) if folder.is_dir()]
        async for changes in awatch(
            *folders, watch_filter=Sources(), debounce=DEBOUNCE_MILLISECONDS, step=STEP_MILLISECONDS
        ):
            self._batches.put_nowait({Path(path) for _, path in changes})

    async def _watch_template(self) -> None:
        """By its folder: an editor puts another file in its place, which a watch of the file would lose."""

        def is_template(_change: Change, path: str) -> bool:
            return Path(path) == self._root / TEMPLATE

        async for _ in awatch(
            self._root,
            recursive=False,
            watch_filter=is_template,
            debounce=DEBOUNCE_MILLISECONDS,
            step=STEP_MILLISECONDS,
        ):
            self._batches.put_nowait({self._root / TEMPLATE})

    async def _take_up(self, changed: set[Path], stack: Callable[[], Stack], redeploy: Redeploy) -> None:
        try:
            for path in sorted(changed):
                self._reload.check_syntax(path)
            await self._make_live(changed, stack, redeploy)
        except Stopped as error:
            complain(f"{error}; what was there keeps serving")
        except PASSING as error:
            complain(f"the change could not be made live: {error}")

    async def _make_live(self, changed: set[Path], stack: Callable[[], Stack], redeploy: Redeploy) -> None:
        core, functions = self._root / "layers" / "core", self._root / "functions"
        reloadable = {path for path in changed if path.is_relative_to(core) or path.is_relative_to(functions)}
        if changed - reloadable:
            what = "template" if any(path.suffix == ".yaml" for path in changed - reloadable) else "layer"
            say(f"{what} changed: redeploying")
            begun = time.monotonic()
            await redeploy()
            say(f"redeployed in {seconds(time.monotonic() - begun)}")
            return
        if any(path.is_relative_to(core) for path in changed):
            await self._reload.layer(core, stack())
        files = [path.relative_to(functions) for path in changed if path.is_relative_to(functions)]
        for folder in sorted({functions / file.parts[0] for file in files}):
            await self._reload.functions(folder, stack())
