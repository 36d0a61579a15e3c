"""`python -m local` as its user meets it: starting, failing to start, changing code, being killed."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.running import ports
from tests.local.conftest import ask, aws, copy_checkout
from tests.support.stack import LOCAL, ROOT, RunningStack, free_port, start

pytestmark = pytest.mark.xdist_group("local")

IN_THE_BACKGROUND = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Starts a command with SIGINT ignored, as a shell does in a script for a command with `&`."""
INTERRUPTED_BY_AN_IMPORT = """
import os, runpy, signal, sys
class Interrupts:
    def find_spec(self, name, *_):
        if name == "local.supervisor":
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.meta_path.insert(0, Interrupts())
runpy.run_module("local", run_name="__main__")
"""
LISTENING = "0A"
LOOPBACK = "0100007F"


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def test_it_says_each_step_with_its_time_and_then_ready(small: RunningStack) -> None:
    for step in ("local AWS", "sam build", "sam deploy", "first request"):
        line = small.wait_for(f"  {step}", seconds=1)
        assert line.endswith(" s")
    assert small.wait_for("ready", seconds=1).startswith(f"ready   {small.url} ")
    assert ask(small, "/health").status == 200


def test_a_build_leaves_nothing_in_the_temporary_folder_and_others_find_the_stack(
    small: RunningStack, checkout: Path
) -> None:
    state = Path(ask(small, "/_local/stack").json["credentials"]).parent
    assert not (state / "sam" / "tmp").exists()
    assert ports(checkout) == [small.port]
    (checkout / ".aws-sam" / "running" / "1").touch()
    assert ports(checkout) == [small.port]


def test_only_127_0_0_1_is_bound_by_every_process(small: RunningStack) -> None:
    sockets = {inode for pid in small.processes() for inode in _sockets(pid)}
    listening = [address for address, inode in _listening() if inode in sockets]
    assert len(listening) == 2
    assert {address.partition(":")[0] for address in listening} == {LOOPBACK}


@contextlib.contextmanager
def edited(source: Path) -> Iterator[str]:
    """The text of a source, which is as it was at the end."""
    text = source.read_text(encoding="utf-8")
    try:
        yield text
    finally:
        source.write_text(text, encoding="utf-8")


def test_a_changed_function_serves_the_very_next_request(small: RunningStack, checkout: Path) -> None:
    source = checkout / "functions" / "web" / "echo.py"
    with edited(source) as text:
        for number in range(6):
            source.write_text(text.replace('"first"', f'"{number}"'), encoding="utf-8")
            assert _echoed(small, "code") == str(number)
            replacement = source.with_suffix(".new")
            replacement.write_text(text.replace('"first"', f'"{number} again"'), encoding="utf-8")
            replacement.replace(source)
            assert _echoed(small, "code") == f"{number} again"
    assert _echoed(small, "code") == "first"


def test_a_changed_layer_serves_the_very_next_request(small: RunningStack, checkout: Path) -> None:
    source = checkout / "layers" / "core" / "greeting.py"
    with edited(source):
        for number in range(6):
            source.write_text(f'GREETING = "{number}"\n', encoding="utf-8")
            assert _echoed(small, "greeting") == str(number)


def test_what_nobody_calls_is_reloaded_too(small: RunningStack, checkout: Path) -> None:
    source, seen = checkout / "functions" / "consumers" / "changes.py", len(small.lines)
    with edited(source) as text:
        source.write_text(f"{text}\n", encoding="utf-8")
        small.wait_for("reloaded functions/consumers", seconds=10, after=seen)


def test_an_exception_is_shown_with_its_way_through_the_sources_and_so_is_what_was_printed(
    small: RunningStack, checkout: Path
) -> None:
    source, seen = checkout / "functions" / "web" / "echo.py", len(small.lines)
    with edited(source) as text:
        lines = text.replace('"secret detail"', '"told here"').replace(
            "    if ", '    print("printed here")\n    if ', 1
        )
        source.write_text(lines, encoding="utf-8")
        assert ask(small, "/echo/x?fail=1").status == 502
        line = 1 + lines.splitlines().index('        raise RuntimeError("told here")')
        small.wait_for(f"Echo: functions/web/echo.py:{line}: RuntimeError: told here", seconds=5, after=seen)
        small.wait_for(f'      File "functions/web/echo.py", line {line}, in handler', seconds=5, after=seen)
        small.wait_for("Echo: printed here", seconds=5, after=seen)
        listed = ask(small, "/_local/data/logs?level=exceptions").json["items"][0]
        assert (listed["place"], listed["message"]) == (f"functions/web/echo.py:{line}", "RuntimeError: told here")
        shown = ask(small, f"/_local/data/logs/{listed['number']}").json
        assert {"number": line, "text": '        raise RuntimeError("told here")'} in shown["frames"][-1]["source"]
        assert str(checkout) not in json.dumps(shown)
        assert ask(small, "/_local/data/logs?q=printed").json["items"]


def test_an_exception_that_is_handled_is_shown_where_it_is_logged(small: RunningStack, checkout: Path) -> None:
    source, seen = checkout / "layers" / "core" / "greeting.py", len(small.lines)
    handled = "import logging\nGREETING = ''\ntry:\n    {}['x']\nexcept KeyError:\n    logging.error('caught')\n"
    with edited(source):
        source.write_text(handled, encoding="utf-8")
        assert ask(small, "/echo/x").status == 200
        small.wait_for("Echo: layers/core/greeting.py:4: KeyError: 'x'", seconds=5, after=seen)


@pytest.mark.parametrize("place", ["functions/web/echo.py", "layers/core/greeting.py"])
def test_what_cannot_be_imported_is_named_with_its_line_to_whoever_calls(
    small: RunningStack, checkout: Path, place: str
) -> None:
    seen = len(small.lines)
    with edited(checkout / place) as text:
        (checkout / place).write_text(f"import nonesuch\n{text}", encoding="utf-8")
        answer = ask(small, "/echo/x")
        event = f"{place}:1: ModuleNotFoundError: No module named 'nonesuch'"
        assert answer.status == 502
        assert answer.json["error"]["message"] == f"The function cannot be loaded: {event}"
        small.wait_for(f"Echo: {event}", seconds=5, after=seen)
    assert ask(small, "/echo/x").status == 200


def test_a_syntax_error_is_one_line_and_the_old_code_keeps_serving(small: RunningStack, checkout: Path) -> None:
    broken = checkout / "functions" / "web" / "broken.py"
    broken.write_text("def (\n", encoding="utf-8")
    answer = ask(small, "/health")
    assert answer.status == 200
    assert answer.headers["X-Lamina-Stale"].startswith("functions/web/broken.py:1: ")
    line = small.wait_for("functions/web/broken.py:1:", seconds=5)
    assert line.endswith("the previous version keeps serving")
    (told,) = ask(small, "/_local/data/logs").json["broken"]
    assert told.startswith("functions/web/broken.py:1: ")
    broken.unlink()
    answer = ask(small, "/health")
    assert (answer.status, answer.headers["X-Lamina-Stale"]) == (200, None)
    assert ask(small, "/_local/data/logs").json["broken"] == []


def test_a_changed_template_is_deployed_and_no_request_fails(small: RunningStack, checkout: Path) -> None:
    template = checkout / "template.yaml"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("Path: /health,", "Path: /alive,"), encoding="utf-8")
    small.wait_for("template changed: redeploying", seconds=5)
    statuses = set()
    while not any(line.startswith("redeployed") for line in small.lines):
        statuses.add(ask(small, "/echo/x").status)
        assert "the previous version keeps serving" not in small.lines[-1]
    assert statuses == {200}
    assert ask(small, "/alive").json["event"]["resource"] == "/alive"


def test_a_template_that_cannot_be_read_is_named_with_its_line_and_not_built(
    small: RunningStack, checkout: Path
) -> None:
    template = checkout / "template.yaml"
    text = template.read_text(encoding="utf-8")
    seen = len(small.lines)
    template.write_text(text.replace("Resources:\n", "Resources:\n  X: {\n"), encoding="utf-8")
    line = small.wait_for("template.yaml:", seconds=5, after=seen)
    assert re.match(r"template\.yaml:\d+: .*; the previous version keeps serving$", line)
    assert not [line for line in small.lines[seen:] if line.startswith("template changed")]
    template.write_text(text, encoding="utf-8")
    small.wait_for("redeployed", after=seen)


def test_sigint_stops_it_and_all_that_it_started_in_the_background_of_a_script(checkout: Path) -> None:
    with start(root=checkout, command=[sys.executable, "-c", IN_THE_BACKGROUND, *LOCAL]) as running:
        running.wait_for("lamina: ")
        wait_until(lambda: len(running.processes()) > 1, "it starts processes", 10)
        processes = running.processes()
        running.process.send_signal(signal.SIGINT)
        assert running.wait_for_end() == 0
    wait_until(lambda: not any(map(_runs, processes)), "all of them end", 10)


def test_sigint_stops_it_while_it_is_being_imported() -> None:
    invalid = {**os.environ, "PORT": "none"}
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_BY_AN_IMPORT], cwd=ROOT, env=invalid, timeout=30, check=False
    )
    assert ended.returncode == 130


def test_a_taken_port_is_one_line_and_a_failure(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start(port=port, root=checkout) as running:
            assert running.wait_for_end() == 1
            assert running.lines[-1].startswith(f"stopped: port {port} is in use: ")


def test_a_broken_template_is_one_line_and_a_failure_that_leaves_nothing(tmp_path: Path) -> None:
    broken = copy_checkout(tmp_path / "checkout")
    template = broken / "template.yaml"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("stacks/data.yaml", "stacks/missing.yaml"), encoding="utf-8")
    with start(root=broken) as running:
        running.wait_for("lamina: ")
        seen: set[int] = set()
        while running.process.poll() is None:
            seen.update(running.processes())
            time.sleep(0.02)
        assert running.wait_for_end() == 1
        assert "missing.yaml" in running.wait_for("stopped: ", seconds=5)
        assert not [pid for pid in seen if _runs(pid)]


def test_a_template_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    broken = copy_checkout(tmp_path / "checkout")
    template = broken / "stacks" / "async.yaml"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("Resources:\n", "Resources:\n  X: {\n"), encoding="utf-8")
    with start(root=broken) as running:
        assert running.wait_for_end(60) == 1
        assert running.wait_for("stopped: stacks/async.yaml:", seconds=5)
        assert not any("sam build" in line for line in running.lines)


def test_sources_that_cannot_be_compiled_are_named_at_start(tmp_path: Path) -> None:
    broken = copy_checkout(tmp_path / "checkout")
    source = broken / "functions" / "web" / "echo.py"
    source.write_text(source.read_text(encoding="utf-8") + "def (\n", encoding="utf-8")
    line = len(source.read_text(encoding="utf-8").splitlines())
    with start(root=broken) as running:
        running.wait_for(f"functions/web/echo.py:{line}: ")
        assert running.wait_for_end(60) == 1
        assert f"functions/web/echo.py:{line}: SyntaxError: " in running.wait_for("stopped: GET /health ", seconds=5)


@pytest.mark.parametrize(("variable", "value", "message"), [("port", 70_000, "PORT is '70000'")])
def test_a_setting_that_cannot_work_is_one_line(variable: str, value: int, message: str, checkout: Path) -> None:
    with start(root=checkout, **{variable: value}) as running:  # type: ignore[arg-type]  # a wrong port on purpose
        assert running.wait_for_end() == 1
        assert message in running.wait_for("stopped: ", seconds=5)


def test_data_outlives_a_stop_and_a_kill_and_no_change_is_skipped(tmp_path: Path) -> None:
    root, state, port = copy_checkout(tmp_path / "checkout"), tmp_path / "state", free_port()

    with start(state, port, root) as running:
        running.wait_for("ready")
        _put(state, "before the kill")
        _send_mail(state)
        wait_until(lambda: "before the kill" in _saved(state), "the item is on disk", 5)
        processes = running.processes()
        running.process.send_signal(signal.SIGKILL)
        wait_until(lambda: not any(map(_runs, processes[1:])), "nothing is left running", 10)

    with start(state, port, root) as running:
        running.wait_for("ready")
        assert "sam deploy" not in running.output, "what stands is not deployed again"
        assert _has(state, "before the kill")
        _put(state, "after the kill")
        wait_until(lambda: _consumed(state) >= {"before the kill", "after the kill"}, "the stream goes on", 10)
        running.stop()

    with start(state, port, root) as running:
        running.wait_for("ready")
        assert _has(state, "after the kill")
        (mail,) = ask(running, "/_local/mail").json
        assert (mail["to"], mail["subject"], mail["text"]) == (["ada@example.com"], "Welcome", "Open the link")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", mail["sent_at"])
        _put(state, "after the stop")
        wait_until(lambda: "after the stop" in _consumed(state), "the stream goes on", 10)
        local_aws = running.processes()[1]
        seen = len(running.lines)
        os.kill(local_aws, signal.SIGKILL)
        running.wait_for("ready again", seconds=20, after=seen)
        assert ask(running, "/health").status == 200
        assert _has(state, "before the kill")


def _echoed(running: RunningStack, field: str) -> str:
    answer = ask(running, "/echo/x")
    assert answer.status == 200, answer.body
    return str(answer.json[field])


def _table(state: Path) -> str:
    outputs = aws("cloudformation", state).describe_stacks(StackName="lamina")["Stacks"][0]["Outputs"]
    return str(next(output["OutputValue"] for output in outputs if output["OutputKey"] == "TableName"))


def _put(state: Path, key: str) -> None:
    aws("dynamodb", state).put_item(TableName=_table(state), Item={"pk": {"S": key}})


def _send_mail(state: Path) -> None:
    ses = aws("sesv2", state)
    ses.create_email_identity(EmailIdentity="lamina.test")
    ses.send_email(
        FromEmailAddress="no-reply@lamina.test",
        Destination={"ToAddresses": ["ada@example.com"]},
        Content={"Simple": {"Subject": {"Data": "Welcome"}, "Body": {"Text": {"Data": "Open the link"}}}},
    )


def _has(state: Path, key: str) -> bool:
    return "Item" in aws("dynamodb", state).get_item(TableName=_table(state), Key={"pk": {"S": key}})


def _saved(state: Path) -> str:
    with contextlib.closing(sqlite3.connect(state / "aws" / "items.sqlite")) as database:
        return str(database.execute("SELECT item FROM items").fetchall())


def _consumed(state: Path) -> set[str]:
    events = aws("logs", state).filter_log_events(logGroupName="/changes")["events"]
    lines = [event["message"] for event in events]
    return {line.removeprefix("changed ") for line in lines if line.startswith("changed ")}


def _runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return False


def _sockets(pid: int) -> Iterator[str]:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(link.readlink())
            if target.startswith("socket:["):
                yield target.removeprefix("socket:[").removesuffix("]")


def _listening() -> Iterator[tuple[str, str]]:
    for name in ("tcp", "tcp6"):
        for row in Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]:
            fields = row.split()
            if fields[3] == LISTENING:
                yield fields[1], fields[9]
