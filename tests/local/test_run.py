"""`python -m local` as its user meets it: starting, failing to start, changing code, being killed."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.local.conftest import ask, aws, copy_checkout
from tests.stack import RunningStack, free_port, start

pytestmark = pytest.mark.xdist_group("local")

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


def test_only_127_0_0_1_is_bound_by_every_process(small: RunningStack) -> None:
    sockets = {inode for pid in small.processes() for inode in _sockets(pid)}
    listening = [address for address, inode in _listening() if inode in sockets]
    assert len(listening) == 2
    assert {address.partition(":")[0] for address in listening} == {LOOPBACK}


def test_a_changed_function_is_live_within_3_seconds_and_no_request_fails(small: RunningStack, checkout: Path) -> None:
    source = checkout / "functions" / "web" / "echo.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace('"first"', '"second"'), encoding="utf-8")
    wait_until(lambda: _echoed(small, "code") == "second", "the new code serves", 3)


def test_a_changed_layer_is_live_within_3_seconds_and_no_request_fails(small: RunningStack, checkout: Path) -> None:
    source = checkout / "layers" / "core" / "greeting.py"
    source.write_text('GREETING = "good day"\n', encoding="utf-8")
    wait_until(lambda: _echoed(small, "greeting") == "good day", "the new layer serves", 3)


def test_a_syntax_error_is_one_line_and_the_old_code_keeps_serving(small: RunningStack, checkout: Path) -> None:
    broken = checkout / "functions" / "web" / "broken.py"
    broken.write_text("def (\n", encoding="utf-8")
    line = small.wait_for("functions/web/broken.py:1:", seconds=5)
    assert line.endswith("what was there keeps serving")
    broken.unlink()
    assert ask(small, "/health").status == 200


def test_a_changed_template_is_deployed_and_no_request_fails(small: RunningStack, checkout: Path) -> None:
    template = checkout / "template.yaml"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("Path: /health,", "Path: /alive,"), encoding="utf-8")
    small.wait_for("template changed: redeploying", seconds=5)
    statuses = set()
    while not any(line.startswith("redeployed") for line in small.lines):
        statuses.add(ask(small, "/echo/x").status)
        assert "what was there keeps serving" not in small.lines[-1]
    assert statuses == {200}
    assert ask(small, "/alive").json["event"]["resource"] == "/alive"


def test_a_taken_port_is_one_line_and_a_failure(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start(port=port, root=checkout) as running:
            assert running.wait_for_end() == 1
            assert running.lines[-1].startswith(f"stopped: port {port} is taken: ")


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


@pytest.mark.parametrize(("variable", "value", "told"), [("port", 70_000, "PORT is '70000'")])
def test_a_setting_that_cannot_work_is_one_line(variable: str, value: int, told: str, checkout: Path) -> None:
    with start(root=checkout, **{variable: value}) as running:  # type: ignore[arg-type]  # a wrong port on purpose
        assert running.wait_for_end() == 1
        assert told in running.wait_for("stopped: ", seconds=5)


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
