"""Logs and errors: lines of all functions, and exceptions with the source lines around each of their own frames."""

from pathlib import Path
from typing import Any

from local.console.context import Context, NotThereError, Query, page_of
from local.console.journal import Entry

AROUND = 4
"""Number of source lines shown before and after a line."""
LEVELS = {"problems": ("ERROR", "CRITICAL", "WARNING"), "errors": ("ERROR", "CRITICAL")}

type Json = dict[str, Any]


def read(context: Context, identifier: str, query: Query) -> object:
    """Return the newest lines and exceptions, or one exception by its number."""
    if identifier:
        return _exception(context, identifier)
    kinds = ("failure",) if query.get("level") == "exceptions" else ("log", "failure")
    found = page_of(context.journal, kinds, query)
    levels = LEVELS.get(query.get("level", ""))
    return {
        "broken": context.broken(),
        "items": [
            _line(each) for each in found if not levels or each.kind == "failure" or each.content["level"] in levels
        ],
    }


def _line(entry: Entry) -> Json:
    content = entry.content
    common = {"number": entry.number, "at": entry.at, "kind": entry.kind, "function": content["function"]}
    if entry.kind == "failure":
        return {**common, "level": "EXCEPTION", "message": content["error"], "place": content["place"]}
    correlation = entry.correlation or entry.trace
    return {
        **common,
        "level": content["level"],
        "message": content["message"],
        "more": content["more"],
        "request": correlation,
    }


def _exception(context: Context, identifier: str) -> Json:
    number = int(identifier) if identifier.isdecimal() else 0
    found = context.journal.select("number = ? and kind = 'failure'", (number,))
    if not found:
        raise NotThereError("This exception is not in the journal.")
    entry = found[0]
    content, root = entry.content, context.settings.root
    frames = [_frame(root, path, line) for path, line in content.get("frames", [])]
    return {**_line(entry), "trace": content["trace"], "frames": frames, "request": _request(context, entry)}


def _frame(root: Path, path: str, line: int) -> Json:
    """Return a frame with the source around its line, if that is a file of the checkout."""
    file = (root / path).resolve()
    found: Json = {"path": path, "line": line, "source": []}
    if file.is_relative_to(root) and file.suffix == ".py" and file.is_file():
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        first = max(1, line - AROUND)
        found["source"] = [
            {"number": number, "text": lines[number - 1]} for number in range(first, min(len(lines), line + AROUND) + 1)
        ]
    return found


def _request(context: Context, entry: Entry) -> str:
    """Return the correlation id or the trace of the request that it happened in."""
    related = [each for each in context.journal.of("key", [entry.key]) if each.kind in {"invocation", "log"}]
    return next((each.correlation for each in related if each.correlation), "") or next(
        (each.trace for each in related if each.trace), ""
    )
