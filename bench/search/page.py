"""The page of the quality of the search of posts."""

from collections.abc import Sequence
from pathlib import Path

from bench.page import table
from bench.search.memory import Memory
from bench.search.quality import REQUIRED, Quality

PAGE = Path(__file__).parents[1] / "pages" / "search.md"
HEAD = ["words", "overlap", "required", "entries read", "vectors read", "read units"]


def render(measured: str, memory: Memory, found: Sequence[Quality], queries: int) -> str:
    """Return the page."""
    rows = [
        [
            str(each.words),
            f"{each.overlap:.3f}",
            f"{REQUIRED[each.words]:.2f}",
            f"{each.entries:,.0f}",
            f"{each.vectors:.0f}",
            f"{each.units:.1f}",
        ]
        for each in found
    ]
    return PAGE.read_text(encoding="utf-8").format(
        measured=measured,
        posts=f"{memory.statistics.posts:,}",
        length=f"{memory.statistics.average_length:.0f}",
        size=f"{memory.size / memory.statistics.posts:.0f}",
        queries=queries,
        table=table(HEAD, rows),
    )
