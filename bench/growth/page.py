"""The growth page: units and time of each pattern at each size."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.chart import Line, lines
from bench.page import table
from bench.results import FOLDER

FILE = FOLDER / "growth.json"
PAGE = Path(__file__).parents[1] / "pages" / "growth.md"
SHOWN = ("Read a user", "List, newest first", "… filtered by role and status", "Search, as an admin", "Update a name")
ALLOWED = 1.2
"""Allowed ratio of the duration of a page far into a list to that of the first."""


def load() -> dict[str, Any]:
    """Return the last measurement."""
    data: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return data


def write(data: Mapping[str, Any]) -> None:
    """Write the page and its picture."""
    (FOLDER / "growth.md").write_text(render(data), encoding="utf-8")
    (FOLDER / "growth.svg").write_text(_picture(data), encoding="utf-8")


def render(data: Mapping[str, Any]) -> str:
    """Write the page."""
    sizes = data["sizes"]
    head = ["pattern", *(f"units at {int(size):,}" for size in sizes), *(f"ms at {int(size):,}" for size in sizes)]
    rows = [_row(figures) for figures in zip(*(found["patterns"] for found in sizes.values()), strict=True)]
    cursors: dict[str, float] = [*sizes.values()][-1]["cursors"]
    return PAGE.read_text(encoding="utf-8").format(
        measured=data["measured"], table=table(head, rows), cursors=_cursors(cursors)
    )


def _row(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    units = [_units(figure) for figure in figures]
    return [figures[0]["name"], *units, *(f"{figure['milliseconds']:.1f}" for figure in figures)]


def _units(figure: Mapping[str, Any]) -> str:
    amounts = ((figure["reads"], "R"), (figure["writes"], "W"))
    return " + ".join(f"{amount:g} {unit}" for amount, unit in amounts if amount) or "0"


def _cursors(taken: Mapping[str, float]) -> str:
    if not taken:
        return "Not measured: no table was large enough.\n"
    (near, first), (far, last) = taken.items()
    verdict = "met" if last <= first * ALLOWED else "**missed**"
    return (
        f"A page of 20 after user {int(near):,} took {first:.2f} ms, one after user {int(far):,} took {last:.2f} ms: "
        f"{last / first:.2f} ×, and at most {ALLOWED} × is allowed ({verdict}).\n"
    )


def _picture(data: Mapping[str, Any]) -> str:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in SHOWN}
    for size, measured in data["sizes"].items():
        for figure in measured["patterns"]:
            if figure["name"] in found:
                found[figure["name"]].append((float(size), figure["milliseconds"]))
    shown = [Line(name, points) for name, points in found.items()]
    return lines("Time of a call as the table grows", "users in the table", "milliseconds", shown)
