"""Checks that texts in the code are plain technical English: `python -m docs.prose`, part of `make check`.

Docstrings open with a plain verb (PEP 257); neither they nor printed texts contain certain phrases.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.build import ROOT

FOLDERS = ("layers", "functions", "local", "setup", "operations", "bench", "docs", "scaffold", "clients")
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
PHRASES = {
    r"anew": "again",
    r"are let go|is let go": "the verb of what happens to it: is stopped, is released",
    r"caught mails?": "captured mail",
    r"for ever": "forever or without end",
    r"hopeless": "not retryable",
    r"is told|are told": "receives, or the verb of what happens",
    r"laptop stack|laptop's stack": "local stack",
    r"mends?|mended": "patch or fix",
    r"not taken": "rejected or not accepted",
    r"so many": "this number of",
    r"were there": "existed",
}
"""Phrases that no docstring and no printed text contains, as regular expressions, and what to write instead."""
_PHRASE = re.compile(rf"\b(?:{'|'.join(PHRASES)})\b", re.IGNORECASE)
_OPENING = re.compile(rf"({'|'.join(INSTEAD)})s?\b")


def faults(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and advice for each unclear opening of a docstring, and for each unclear phrase of a text.

    Strings below a constant are docstrings as well.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for found in _PHRASE.finditer(node.value):
                line = node.lineno + node.value.count("\n", 0, found.start())
                yield line, f'text contains "{found[0]}": write {_instead(found[0])}'
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            opening = _OPENING.match(node.value.value)
            if opening:
                yield node.lineno, f'docstring starts with "{opening[0]}": write {INSTEAD[opening[1]]}'


def _instead(found: str) -> str:
    return next(advice for phrase, advice in PHRASES.items() if re.fullmatch(phrase, found, re.IGNORECASE))


def main() -> None:
    """Print each fault with its file and line; exit with 1 if there is one."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {advice}"
        for path in _sources()
        for line, advice in faults(path.read_text("utf-8"))
    ]
    print("\n".join(found) or "Texts: nothing unclear.")
    sys.exit(bool(found))


def _sources() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if path != Path(__file__))


if __name__ == "__main__":
    main()
