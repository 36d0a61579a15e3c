"""The formats of reports: a page of rows in, bytes out."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

type Row = Mapping[str, Any]
"""Values by column, as JSON has them."""

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet would run (OWASP, "CSV Injection")."""


class Format(StrEnum):
    """How a report is written."""

    CSV = "csv"
    NDJSON = "ndjson"


@dataclass(frozen=True)
class Writer:
    """How to write one format.

    Attributes:
        media_type: of the file.
        head: what it begins with, given its columns.
        lines: writes a page of rows.
    """

    media_type: str
    head: Callable[[Sequence[str]], bytes]
    lines: Callable[[Sequence[str], Sequence[Row]], bytes]


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Write records as RFC 4180 has them: CRLF, and quotes where they are needed."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula; nothing for null, JSON for what has no text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULAS) else value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _csv_lines(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    return _csv([[_cell(row[column]) for column in columns] for row in rows])


def _json_lines(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    kept = ({column: row[column] for column in columns} for row in rows)
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in kept).encode()


WRITERS = {
    Format.CSV: Writer("text/csv; charset=utf-8; header=present", lambda columns: _csv([columns]), _csv_lines),
    Format.NDJSON: Writer("application/x-ndjson", lambda _: b"", _json_lines),
}
