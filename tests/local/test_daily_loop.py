"""The commands beside `make run`: logs, pages and the end of all data."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from urllib.parse import urlencode

import pytest

from local import terminal
from tests.local.conftest import ask
from tests.local.ministack import eventually
from tests.support.stack import ROOT, RunningStack, free_port

pytestmark = pytest.mark.xdist_group("local")


def run(module: str, *arguments: str, port: int, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def logged(small: RunningStack, *arguments: str) -> list[str]:
    done = run("local.follow_logs", "--once", *arguments, port=small.port)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def echoed(small: RunningStack) -> str:
    """A correlation id that one invocation logs and prints beside."""
    line = {"level": "WARNING", "message": "told", "correlation_id": "corr-7", "orders": 3}
    assert ask(small, "/echo/x?print=of%20another").status == 200
    asked = urlencode({"print": ["beside it", json.dumps(line)]}, doseq=True)
    assert ask(small, f"/echo/x?{asked}").status == 200
    eventually(lambda: any("told" in each for each in logged(small)), "the line is logged", 20)
    return "corr-7"


@pytest.mark.usefixtures("echoed")
def test_logs_show_what_functions_log_and_print(small: RunningStack) -> None:
    lines = logged(small)
    told = next(line for line in lines if "told" in line)
    assert "WARNING  told" in told
    assert "orders=3" in told
    assert any("print" in line and line.endswith("of another") for line in lines)
    assert "\x1b" not in "".join(lines)


def test_logs_of_a_correlation_id_have_what_its_invocations_print(small: RunningStack, echoed: str) -> None:
    lines = logged(small, "--correlation", echoed)
    assert [line.split()[2:] for line in lines] == [
        ["INFO", "echo"],
        ["print", "beside", "it"],
        ["WARNING", "told", "orders=3"],
    ]
    assert logged(small, "--correlation", "nobody's") == []


def test_logs_are_printed_as_they_were_logged(small: RunningStack, echoed: str) -> None:
    lines = logged(small, "--correlation", echoed, "--json")
    assert any(json.loads(line).get("orders") == 3 for line in lines if line.startswith("{"))


def test_logs_follow_until_they_are_interrupted(small: RunningStack) -> None:
    command = [sys.executable, "-m", "local.follow_logs"]
    environment = {**os.environ, "PORT": str(small.port)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        try:
            assert follower.stdout.readline()
            ask(small, "/echo/x?print=as%20it%20came")
            assert any("as it came" in line for line in follower.stdout)
        finally:
            follower.terminate()


def test_a_function_that_is_not_there_is_named_with_those_that_are_like_it(small: RunningStack) -> None:
    done = run("local.follow_logs", "--once", "--function", "users/gte", port=small.port)
    assert (done.returncode, done.stderr.startswith("stopped: unknown function 'users/gte'")) == (1, True)


@pytest.mark.parametrize("command", ["local.follow_logs", "local.open_page", "local.shell"])
def test_without_a_stack_the_way_to_start_one_is_said(command: str) -> None:
    done = run(command, port=free_port())
    assert done.returncode == 1
    assert "start it with `make run`" in done.stderr


def test_a_page_is_opened_by_its_name(small: RunningStack) -> None:
    done = run("local.open_page", port=small.port, PAGE="mail", BROWSER="true %s")
    assert done.stdout == f"{small.url}/_local/mail\n"
    done = run("local.open_page", port=small.port, PAGE="nonesuch", BROWSER="true %s")
    assert "unknown page 'nonesuch': console, docs" in done.stderr


def test_the_data_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "aws").mkdir()
    for name in ("aws/state.json", "deployed.json", "console.sqlite", "console.sqlite-wal", "notes.txt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    done = run("local.reset", port=1, LAMINA_STATE=str(tmp_path))
    assert done.stdout.endswith("all data deleted; start with `make run`\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "notes.txt"]
    assert run("local.reset", port=1, LAMINA_STATE=str(tmp_path)).stdout.endswith("no data was there\n")


def test_the_data_of_a_running_stack_is_left_alone(small: RunningStack) -> None:
    state = Path(ask(small, "/_local/stack").json["credentials"]).parent
    done = run("local.reset", port=small.port, LAMINA_STATE=str(state))
    assert done.returncode == 1
    assert "a stack is running on" in done.stderr
    assert (state / "deployed.json").is_file()
    assert "keeps no data" in run("local.reset", port=small.port, LAMINA_STATE="memory").stderr


def test_colors_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert terminal.colored("bad", "red", Terminal()) == "\x1b[1;31mbad\x1b[0m"
    assert terminal.colored("good", "plain", Terminal()) == "good"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.colored("bad", "red", Terminal()) == "bad"
