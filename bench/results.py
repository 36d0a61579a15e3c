"""The results of a run, stored as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench import ROOT
from bench.build.contenders import BARE, OURS, Contender
from bench.requests import Work
from bench.rounds import Figures, Results
from bench.sample import Estimate, estimate, quantile, ratio

FOLDER = ROOT / "docs" / "performance"
FILE = FOLDER / "results.json"
COMPARED = ("cold", "init", "cpu", "warm")


def digest(contenders: Sequence[Contender], results: Results, units: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sum up each contender: sizes, and for each request the medians, their spread, and ratios."""
    return [
        {
            "name": contender.name,
            "title": contender.title,
            "sizes": contender.functions[Work.GET].sizes(),
            "requests": {
                work.value: {
                    **_figures(results[contender.name][work], _compared(work, results)),
                    "table": units[contender.name][work],
                }
                for work in contender.functions
            },
        }
        for contender in contenders
    ]


def _compared(work: Work, results: Results) -> Figures:
    """Return what a request is compared with: the bare handler's, or our own GET for one that only we serve."""
    return results[BARE].get(work) or results[OURS][Work.GET]


def _figures(figures: Figures, bare: Figures) -> dict[str, Any]:
    found: dict[str, Any] = {name: _rounded(estimate(getattr(figures, name))) for name in COMPARED}
    found |= {f"warm_p{share}": round(quantile(figures.warm, share / 100), 6) for share in (95, 99)}
    found |= {name: _rounded(estimate(getattr(figures, name)), 0) for name in ("memory", "share") if figures.memory}
    found["ratios"] = {name: _rounded(ratio(getattr(figures, name), getattr(bare, name)), 4) for name in COMPARED}
    found["sample"] = {"cold": len(figures.cold), "warm": len(figures.warm)}
    return found


def _rounded(value: Estimate, digits: int = 6) -> dict[str, float]:
    return {name: round(number, digits) for name, number in asdict(value).items()}


def save(data: Mapping[str, Any]) -> None:
    """Store the results of a run."""
    FOLDER.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def load() -> dict[str, Any]:
    """Return the results of the last run."""
    data: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return data
