"""Stops a function at `breakpoint()` until a debugger has attached. It runs in the function's process.

`bootstrap.py` loads this file by its path at the first `breakpoint()`, so it imports the standard library only; debugpy
is imported from the development environment, which stays off the function's search path.

The process listens on a free port of 127.0.0.1 and announces it by a line on standard error. `relay.py` connects and
sends one line: `pdb`, and the connection is the terminal of Python's debugger; or `debugpy`, answered by the port at
which debugpy then listens.
"""

import contextlib
import json
import os
import pdb  # noqa: T100  the purpose of it
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO, Any

BREAKPOINT = "\x1fbreakpoint\x1f"  # as patches.breakpoints.BREAKPOINT
HOST = "127.0.0.1"


class Breakpoints:
    """What `breakpoint()` calls in a function's process."""

    def __init__(self, describe: Callable[[], dict[str, Any]], hook: Callable[..., None]) -> None:
        """Wait for nothing yet.

        Args:
            describe: returns facts about the process for the announcement.
            hook: the value of `sys.breakpointhook`, which debugpy replaces.
        """
        self._describe = describe
        self._hook = hook
        self._lock = threading.RLock()
        self._port = 0
        """At which debugpy listens; 0 before it is imported."""
        self._prompt: Prompt | None = None

    def stop(self, frame: FrameType) -> None:
        """Stop at the next line of a frame, once a debugger has attached."""
        with self._lock:
            if not self._is_attached():
                self._wait(frame)
        if self._prompt is not None and self._prompt.is_open:
            self._prompt.set_trace(frame)
        else:
            # As `debugpy.breakpoint`, but not in this file.
            sys.modules["pydevd"].settrace(
                suspend=True, trace_only_current_thread=True, patch_multiprocessing=False, stop_at_frame=frame
            )

    def begin(self) -> bool:
        """Announce an invocation with a debugger attached, which may stop it anywhere; return whether one is."""
        if self._is_attached():
            self._announce(None, 0)
            return True
        return False

    def end(self) -> None:
        """End the prompt with the invocation; debugpy stays attached."""
        if self._prompt is not None:
            self._prompt.set_continue()
            self._prompt.close()

    def _is_attached(self) -> bool:
        if self._prompt is not None and self._prompt.is_open:
            return True
        return bool(self._port and sys.modules["debugpy"].is_client_connected())

    def _wait(self, frame: FrameType) -> None:
        with socket.create_server((HOST, 0)) as door:
            self._announce((frame.f_code.co_filename, frame.f_lineno), door.getsockname()[1])
            connection, _ = door.accept()
        stream = connection.makefile("rw", encoding="utf-8", newline="\n")
        if stream.readline().strip() == "pdb":
            self._prompt = Prompt(connection, stream)
            return
        self._listen()
        stream.write(f"{self._port}\n")
        stream.close()
        connection.close()
        sys.modules["debugpy"].wait_for_client()

    def _announce(self, place: tuple[str, int] | None, port: int) -> None:
        told = {**self._describe(), "place": place, "door": port}
        sys.stderr.write(f"{BREAKPOINT}{json.dumps(told)}\n")
        sys.stderr.flush()

    def _listen(self) -> None:
        if self._port:
            return
        facts = self._describe()
        own = [layer for layer in facts["layers"] if not any(Path(layer).glob("*.dist-info"))]
        os.environ |= {
            "IDE_PROJECT_ROOTS": os.pathsep.join([facts["code"], *own]),  # what `justMyCode` stops in
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning about modules of Python's own
        }
        packages = os.environ["LAMINA_DEBUGPY"]
        sys.path.insert(0, packages)
        try:
            import debugpy  # noqa: T100  nobody else waits for it

            _, self._port = debugpy.listen((HOST, 0), in_process_debug_adapter=True)  # noqa: T100  the purpose of it
        finally:
            sys.path.remove(packages)
        sys.breakpointhook = self._hook


class Prompt(pdb.Pdb):
    """Python's debugger, with a connection as its terminal. When the client is gone, the function goes on."""

    def __init__(self, connection: socket.socket, stream: IO[str]) -> None:
        super().__init__(stdin=stream, stdout=stream, nosigint=True, readrc=False)
        self._connection = connection
        self._stream = stream
        self.is_open = True

    def close(self) -> None:
        """Disconnect the client."""
        self.is_open = False
        with contextlib.suppress(OSError, ValueError):
            self._stream.close()
        self._connection.close()

    def set_continue(self) -> None:
        """Run on; without breakpoints of the prompt's own, its work is done."""
        super().set_continue()
        if not self.breaks:
            self.close()

    def set_quit(self) -> None:
        """End the invocation by an exception."""
        super().set_quit()
        self.close()

    def do_EOF(self, _argument: str) -> bool:  # noqa: N802  pdb's own
        """Run on without the client."""
        self.clear_all_breaks()
        self.set_continue()
        return True
