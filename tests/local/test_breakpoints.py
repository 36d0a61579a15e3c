"""`breakpoint()` in a function of a running stack: VS Code attaches, or a terminal, and time waits meanwhile."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from local.debugging.relay import Breakpoints
from local.failures import Failures
from local.settings import Settings, State, read_settings
from tests.local.conftest import Answer, ask
from tests.local.ministack import eventually
from tests.support.dap import Debugger, debugger
from tests.support.stack import ROOT, RunningStack, start

pytestmark = pytest.mark.xdist_group("local")

HANDLER = '    asked = event["queryStringParameters"] or {}\n'
TIMEOUT = 3.0
"""Seconds that the function `Echo` may take: Lambda's default."""


class Call:
    """A request that is sent in the background."""

    def __init__(self, small: RunningStack, target: str) -> None:
        self._answer: Future[Answer] = Future()
        threading.Thread(target=self._ask, args=(small, target), daemon=True).start()

    def _ask(self, small: RunningStack, target: str) -> None:
        try:
            self._answer.set_result(ask(small, target))
        except Exception as error:  # noqa: BLE001  the test is told
            self._answer.set_exception(error)

    def answer(self) -> Answer:
        """What came back."""
        return self._answer.result(20)

    @property
    def is_done(self) -> bool:
        """Whether it has been answered."""
        return self._answer.done()


@contextlib.contextmanager
def breakpoint_in(source: Path, times: int = 1) -> Iterator[int]:
    """The function with calls of `breakpoint()` in its handler; the line of the first."""
    text = source.read_text(encoding="utf-8")
    calls = "    breakpoint()\n    asked = dict(asked)\n" * times
    changed = text.replace(HANDLER, HANDLER + calls)
    source.write_text(changed, encoding="utf-8")
    try:
        yield 1 + changed.splitlines().index("    breakpoint()")
    finally:
        source.write_text(text, encoding="utf-8")


def announced(small: RunningStack, line: int, after: int) -> int:
    """The port that the terminal says a debugger can attach to."""
    told = small.wait_for(f"Echo: functions/web/echo.py:{line}: breakpoint() waits on 127.0.0.1:", 20, after)
    assert "attach VS Code (F5" in told
    assert "`make debug`" in told
    found = re.search(r"127\.0\.0\.1:(\d+)", told)
    assert found
    return int(found[1])


def evaluated(attached: Debugger, expression: str, frame: int) -> str:
    return str(attached.ask("evaluate", expression=expression, frameId=frame, context="repl")["result"])


def test_a_breakpoint_waits_for_an_editor_which_sees_the_sources_and_takes_its_time(
    small: RunningStack, checkout: Path
) -> None:
    source, seen = checkout / "functions" / "web" / "echo.py", len(small.lines)
    with breakpoint_in(source) as line:
        call = Call(small, "/echo/x?status=203")
        port = announced(small, line, seen)
        began = time.monotonic()
        with debugger(port) as attached:
            thread = attached.attach(name="as .vscode/launch.json")["threadId"]
            top = attached.stack(thread)[0]
            assert (top["source"]["path"], top["line"], top["name"]) == (str(source), line + 1, "handler")
            assert evaluated(attached, "asked['status']", top["id"]) == "'203'"
            attached.ask("setBreakpoints", source={"path": str(source)}, breakpoints=[{"line": line + 2}])
            attached.ask("continue", threadId=thread)
            top = attached.stack(attached.event("stopped")["threadId"])[0]
            assert (top["source"]["path"], top["line"]) == (str(source), line + 2)
            while time.monotonic() - began < TIMEOUT + 1:
                assert evaluated(attached, "_context.get_remaining_time_in_millis()", top["id"]) == "3000"
            assert not call.is_done
            attached.ask("disconnect", terminateDebuggee=False)
        assert call.answer().status == 203


def test_an_editor_stays_attached_while_the_function_is_called_again(small: RunningStack, checkout: Path) -> None:
    source, seen = checkout / "functions" / "web" / "echo.py", len(small.lines)
    with breakpoint_in(source, times=2) as line:
        call = Call(small, "/echo/x")
        with debugger(announced(small, line, seen)) as attached:
            thread = attached.attach()["threadId"]
            attached.ask("continue", threadId=thread)
            assert attached.stack(attached.event("stopped")["threadId"])[0]["line"] == line + 3
            attached.ask("continue", threadId=thread)
            assert call.answer().status == 200
            began, again = time.monotonic(), Call(small, "/echo/x")
            for expected in (line + 1, line + 3):
                top = attached.stack(attached.event("stopped")["threadId"])[0]
                assert top["line"] == expected
                while time.monotonic() - began < TIMEOUT + 1:
                    assert evaluated(attached, "asked", top["id"]) == "{}"
                attached.ask("continue", threadId=thread)
            assert again.answer().status == 200
            attached.ask("disconnect", terminateDebuggee=False)
    assert len([one for one in small.lines[seen:] if "breakpoint() waits" in one]) == 1


def test_a_terminal_is_a_debugger_too(small: RunningStack, checkout: Path) -> None:
    source, seen = checkout / "functions" / "web" / "echo.py", len(small.lines)
    with breakpoint_in(source) as line:
        call = Call(small, "/echo/x?status=203")
        announced(small, line, seen)
        shown = _prompt(small, "p asked\nn\nw\nasked['status'] = 418\nc\n")
        assert shown.returncode == 0, shown.stderr
        assert f"> functions/web/echo.py({line + 1})handler()" in shown.stdout
        assert "{'status': '203'}" in shown.stdout
        assert call.answer().status == 418
        eventually(lambda: "no function waits" in _prompt(small, "").stderr, "the port is closed", 20)


def test_when_the_terminal_is_gone_the_function_goes_on(small: RunningStack, checkout: Path) -> None:
    source, seen = checkout / "functions" / "web" / "echo.py", len(small.lines)
    with breakpoint_in(source) as line:
        call = Call(small, "/echo/x")
        announced(small, line, seen)
        assert _prompt(small, "").returncode == 0
        assert call.answer().status == 200


def test_two_functions_that_are_stopped_are_debugged_one_after_the_other(small: RunningStack, checkout: Path) -> None:
    source, seen = checkout / "functions" / "web" / "echo.py", len(small.lines)
    with breakpoint_in(source) as line:
        first = Call(small, "/echo/x?status=201")
        announced(small, line, seen)
        second = Call(small, "/echo/x?status=202")
        announced(small, line, len(small.lines) if first.is_done else _after_first(small, seen))
        told = [_prompt(small, "p asked\nc\n").stdout for _ in range(2)]
        assert ["201" in told[0], "202" in told[1]] == [True, True]
        assert {first.answer().status, second.answer().status} == {201, 202}


def test_the_configuration_of_vs_code_is_the_port_of_make_run() -> None:
    text = (ROOT / ".vscode" / "launch.json").read_text(encoding="utf-8")
    launch: dict[str, Any] = json.loads(
        "\n".join(line for line in text.splitlines() if not line.strip().startswith("//"))
    )
    (configuration,) = launch["configurations"]
    assert configuration["connect"] == {
        "host": "127.0.0.1",
        "port": read_settings({"LAMINA_STATE": "memory"}).debug_port,
    }
    assert (configuration["type"], configuration["request"]) == ("debugpy", "attach")


def test_the_front_waits_while_a_function_is_stopped_and_no_longer(tmp_path: Path) -> None:
    settings = Settings(tmp_path, 1, State(tmp_path, keeps=False), debug_port=1)
    told = {"invocation": "i", "function": "F", "door": 1, "code": "", "layers": [], "place": ("/f.py", 1)}

    async def check() -> None:
        breakpoints = Breakpoints(settings, Failures(settings, lambda: None))
        with pytest.raises(TimeoutError):
            await breakpoints.within(0.01, asyncio.Event().wait())
        breakpoints.reached(told)
        ended = asyncio.Event()
        work = asyncio.ensure_future(breakpoints.within(0.01, ended.wait()))
        done, _ = await asyncio.wait({work}, timeout=0.1)
        assert not done
        ended.set()
        assert await work
        breakpoints.ended("i")
        with pytest.raises(TimeoutError):
            await breakpoints.within(0.01, asyncio.Event().wait())

    asyncio.run(check())


def test_a_stack_ends_although_a_function_is_stopped(checkout: Path) -> None:
    with breakpoint_in(checkout / "functions" / "web" / "echo.py") as line, start(root=checkout) as running:
        running.wait_for(f"Echo: functions/web/echo.py:{line}: breakpoint() waits")  # at the first request, its own
        began, processes = time.monotonic(), running.processes()
        running.stop()
        assert time.monotonic() - began < 10
        assert not [pid for pid in processes if Path(f"/proc/{pid}").exists()]


def _after_first(small: RunningStack, seen: int) -> int:
    """How many lines there were once the first breakpoint had been announced."""
    found = [number for number, line in enumerate(small.lines) if number >= seen and "breakpoint() waits" in line]
    return found[0] + 1


def _prompt(small: RunningStack, typed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.debugging.prompt"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(small.port)},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
