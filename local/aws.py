"""`python -m local.aws`: the local AWS, in a process of its own.

It is MiniStack with our patches, bound to 127.0.0.1. The supervisor holds the other end of its standard input. When
that closes, for whatever reason, it saves its state and exits, so that nothing outlives a supervisor that was killed.
"""

import asyncio
import contextlib
import importlib
import logging
import os
import shutil
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, cast

import hypercorn.asyncio
import hypercorn.config
from ministack import app as ministack_app
from ministack.core import lambda_runtime

from local import aws_faults, observed, patches
from local.control import with_control
from local.guard import guarded
from local.patches import breakpoints, saving, socket_ends

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework

# Longer than the front keeps an idle connection, so that it is never this side that closes one just as it is used.
KEEP_ALIVE_SECONDS = 75
HEAD_BYTES = 256 * 1024


def _configuration(port: int) -> hypercorn.config.Config:
    config = hypercorn.config.Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.h11_max_incomplete_size = HEAD_BYTES
    config.h11_pass_raw_headers = True
    config.graceful_timeout = 2
    config.errorlog = "-"
    return config


def _stop_when_input_closes(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def wait() -> None:
        while os.read(0, 1024):  # not sys.stdin, whose lock would be in the way at the end
            pass
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, name="supervisor", daemon=True).start()


async def _serve(port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _stop_when_input_closes(loop, stop)
    application = cast("ASGIFramework", guarded(with_control(ministack_app.app)))
    # The first deploy needs it, half a second of imports; `sam build` is running meanwhile.
    warming = asyncio.create_task(asyncio.to_thread(importlib.import_module, "samtranslator.translator.transform"))
    timer = asyncio.create_task(saving.save_on_a_timer())

    async def stopped() -> None:
        await stop.wait()
        socket_ends.end_all()
        await asyncio.to_thread(breakpoints.end_all)

    await hypercorn.asyncio.serve(application, _configuration(port), shutdown_trigger=stopped)
    await warming
    await saving.stop(timer)


def main() -> None:
    """Serve until stopped; the port is in GATEWAY_PORT, the folders in MiniStack's own variables."""
    logging.getLogger("persistence").setLevel(logging.WARNING)
    temporary = Path(os.environ["TMPDIR"])
    patches.apply()
    observed.apply()
    aws_faults.apply()
    try:
        asyncio.run(_serve(int(os.environ["GATEWAY_PORT"])))
    finally:
        lambda_runtime.reset()
        shutil.rmtree(temporary, ignore_errors=True)
        # MiniStack's own threads poll for ever: do not wait for them.
        os._exit(0)


if __name__ == "__main__":
    main()
