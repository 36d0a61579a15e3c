"""The page of the search of posts: its quality, and its cost at several sizes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.page import table
from bench.results import FOLDER

FILE = FOLDER / "search.json"
PAGE = Path(__file__).parents[1] / "pages" / "search.md"


def write(data: Mapping[str, Any]) -> None:
    """Write what was measured, and the page."""
    FILE.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    (FOLDER / "search.md").write_text(render(data), encoding="utf-8")


def render(data: Mapping[str, Any]) -> str:
    """Return the page."""
    corpus = data["corpus"]
    return PAGE.read_text(encoding="utf-8").format(
        measured=data["measured"],
        posts=f"{corpus['posts']:,}",
        length=corpus["length"],
        size=corpus["size"],
        queries=data["queries"],
        quality=_quality(data["quality"]),
        growth=_growth(data["growth"]),
    )


def _quality(found: list[dict[str, float]]) -> str:
    rows = [
        [
            f"{each['words']}",
            f"{each['overlap']:.3f}",
            f"{each['required']:.2f}",
            f"{each['entries']:,}",
            f"{each['vectors']}",
            f"{each['units']:.1f}",
        ]
        for each in found
    ]
    return table(["words", "overlap", "required", "entries read", "vectors read", "read units"], rows)


def _growth(sizes: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    head = ["search for", *(f"units at {int(size):,}" for size in sizes), *(f"ms at {int(size):,}" for size in sizes)]
    rows = [
        [
            name,
            *(f"{found[name]['units']:.1f} R" for found in sizes.values()),
            *(f"{found[name]['milliseconds']:.1f}" for found in sizes.values()),
        ]
        for name in next(iter(sizes.values()), {})
    ]
    return table(head, rows)
