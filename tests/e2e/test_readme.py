"""The README's first calls, as printed."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import SEED_PASSWORD
from tests.support.stack import ROOT

pytestmark = [
    pytest.mark.xdist_group("stack"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="the README's calls are made with curl"),
]
VOLATILE = {"id", "created_at", "updated_at", "self"}


def blocks(language: str, chapter_name: str = "A first call") -> list[str]:
    """The code blocks of a chapter."""
    _, _, chapter = (ROOT / "README.md").read_text(encoding="utf-8").partition(f"\n## {chapter_name}\n")
    chapter, _, _ = chapter.partition("\n## ")
    return re.findall(rf"^```{language}\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL)


def run(commands: str, port: int) -> Any:
    """Paste commands into a shell, and read what they print."""
    here = commands.replace("127.0.0.1:3000", f"127.0.0.1:{port}")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", here], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def steady(value: Any) -> Any:
    """What is the same each time."""
    if isinstance(value, dict):
        return {name: None if name in VOLATILE else steady(inner) for name, inner in value.items()}
    return value


def test_the_first_call_answers_as_printed_and_the_next_reads_the_user(anyone: Client, secrets: set[str]) -> None:
    register, sign_in = blocks("sh")
    (printed,) = blocks("json")
    secrets.update(re.findall(r'"(?:password|email)": "([^"]+)"', register))
    answer = run(register, anyone.port)
    assert steady(answer) == steady(json.loads(printed))
    assert run(sign_in, anyone.port)["data"] == answer["data"]


def test_five_more_calls_work_after_the_demo_data_and_the_last_is_refused(
    anyone: Client, seeded: str, tmp_path: Path
) -> None:
    assert seeded
    sign_in, *calls = blocks("sh", "Five more calls")
    assert len(calls) == 5
    commands = [sign_in, *(f"({call.strip()}) > {tmp_path}/{number}" for number, call in enumerate(calls))]
    here = "\n".join(commands).replace("127.0.0.1:3000", f"127.0.0.1:{anyone.port}")
    script = here.replace("Lamina-demo-1", SEED_PASSWORD)
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True)
    created, *others = [(tmp_path / str(number)).read_text(encoding="utf-8") for number in range(5)]
    first, second = (json.loads(line)["data"]["id"] for line in created.splitlines() if line)
    assert first == second
    found, history, graph, refused = map(json.loads, others)
    assert found["data"]
    assert history["data"]
    assert graph["data"]["products"]["nodes"]
    assert refused["error"]["code"] == "VALIDATION_ERROR"
