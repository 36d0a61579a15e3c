"""The README's first calls, as printed."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.support.stack import ROOT

pytestmark = [
    pytest.mark.xdist_group("stack"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="the README's calls are made with curl"),
]
VOLATILE = {"id", "created_at", "updated_at", "self"}


def blocks(language: str) -> list[str]:
    """The code blocks of the chapter."""
    _, _, chapter = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## A first call\n")
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
