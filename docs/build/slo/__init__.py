"""`stacks/objectives.yaml`, `docs/slo.md` and the list of runbooks, from `operations/slo.py` and the templates."""

from pathlib import Path

from docs.build import ROOT
from docs.build.slo import page, runbooks, stack


def files() -> dict[Path, str]:
    """Return the stack of the objectives, their page, and the list of all alarms with their runbooks."""
    written = stack.render()
    return {
        ROOT / "stacks" / "objectives.yaml": written,
        ROOT / "docs" / "slo.md": page.render(),
        ROOT / "docs" / "runbooks" / "README.md": runbooks.render({"objectives.yaml": written}),
    }
