"""The page of the cache."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.page import table
from bench.results import FOLDER

FILE = FOLDER / "cache.json"
PAGE = Path(__file__).parents[1] / "pages" / "cache.md"
REQUIRED = 0.9
"""The hit ratio of one process on a thousand posts."""


def write(data: Mapping[str, Any]) -> None:
    """Write what was measured, and the page."""
    FILE.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    (FOLDER / "cache.md").write_text(render(data), encoding="utf-8")


def render(data: Mapping[str, Any]) -> str:
    """Return the page."""
    return PAGE.read_text(encoding="utf-8").format(
        measured=data["measured"],
        ratios=_ratios(data["ratios"]),
        reads=_reads(data["reads"]),
        commands=_commands(data["commands"], data["imports"]),
    )


def _ratios(found: list[dict[str, Any]]) -> str:
    rows = [[f"{each['posts']:,}", *(_percent(each[name]) for name in ("one", "several", "shared"))] for each in found]
    return table(["posts", "one process", "each of 8 processes", "8 processes that share"], rows)


def _reads(found: list[dict[str, Any]]) -> str:
    rows = [
        [
            f"{each['length']:,}",
            *(_latency(each[name]) for name in ("none", "process", "server")),
            f"{each['units'][0]:g}",
            f"{each['units'][1]:g}",
        ]
        for each in found
    ]
    header = ["characters", "without, ms", "process, ms", "server, ms", "read units without", "with"]
    return table(header, rows)


def _commands(commands: Mapping[str, Any], imports: Mapping[str, float]) -> str:
    rows = [[name, f"{imports[name]:.1f}", _latency(each)] for name, each in commands.items()]
    return table(["client", "import, ms", "`MGET`, ms"], rows)


def _latency(each: Mapping[str, float] | None) -> str:
    return f"{each['p50']:.2f} ({each['p99']:.2f})" if each else "–"


def _percent(ratio: float | None) -> str:
    return f"{100 * ratio:.1f} %" if ratio is not None else "–"
