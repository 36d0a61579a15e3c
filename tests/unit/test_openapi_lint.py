"""The OpenAPI document as others lint it: Spectral and Redocly, with every recommended rule and without a warning."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from setup.engines import CLIENTS
from tests.support.openapi import DOCUMENT

BEYOND = re.compile("[\U00010000-\U0010ffff]")
SECONDS = 300
PROGRAMS = CLIENTS / "node_modules" / ".bin"

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(not (PROGRAMS / "spectral").exists(), reason="npm could not install the linters"),
]


def without_unicode(value: Any) -> Any:
    """The document without patterns that name characters beyond U+FFFF.

    JSON Schema reads patterns as Unicode regular expressions, Spectral as those of 1999: it refuses them.
    """
    if isinstance(value, dict):
        return {
            name: without_unicode(inner)
            for name, inner in value.items()
            if not (name == "pattern" and isinstance(inner, str) and BEYOND.search(inner))
        }
    return [without_unicode(inner) for inner in value] if isinstance(value, list) else value


def run(*command: object) -> str:
    done = subprocess.run(
        [*map(str, command)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
    )
    assert done.stdout, done.stderr
    return done.stdout


def test_spectral_finds_nothing(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(without_unicode(DOCUMENT)), encoding="utf-8")
    ruleset = CLIENTS / "spectral.yaml"
    command = [PROGRAMS / "spectral", "lint", document, "--ruleset", ruleset, "--format", "json", "--quiet"]
    assert json.loads(run(*command)) == []


def test_redocly_finds_nothing(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    found = json.loads(
        run(PROGRAMS / "redocly", "lint", document, "--config", CLIENTS / "redocly.yaml", "--format", "json")
    )
    assert found["problems"] == []
