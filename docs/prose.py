"""Checks that docstrings open in plain technical English (PEP 257): `python -m docs.prose`, part of `make check`."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.build import ROOT

FOLDERS = ("layers", "functions", "local", "setup", "operations", "bench", "docs", "scaffold")
INSTEAD = {
    "Answer": "Return",
    "Begin": "Start or Create",
    "Bring": "Restore or Update",
    "Give": "Return",
    "Hand": "Pass or Return",
    "Have": "the verb of what it does",
    "Lay": "Return or Create",
    "Let": "Allow or Set",
    "Look": "Check or Return",
    "Make": "Create",
    "Put": "Write, Add or Set",
    "Say": "Return or Print",
    "Take": "Accept, Read or Remove",
    "Tell": "Return whether, or Return",
}
"""Words that no docstring starts with, and what to write instead."""
_OPENING = re.compile(rf"({'|'.join(INSTEAD)})s?\b")


def faults(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and advice for each docstring with an unclear opening; strings below a constant count as well."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            opening = _OPENING.match(node.value.value)
            if opening:
                yield node.lineno, f'docstring starts with "{opening[0]}": write {INSTEAD[opening[1]]}'


def main() -> None:
    """Print each fault with its file and line; exit with 1 if there is one."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {advice}"
        for path in _sources()
        for line, advice in faults(path.read_text("utf-8"))
    ]
    print("\n".join(found) or "Docstrings: no unclear opening.")
    sys.exit(bool(found))


def _sources() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


if __name__ == "__main__":
    main()
