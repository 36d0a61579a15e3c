"""The formats of reports: a page of rows in, bytes out."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

type Row = Mapping[str, Any]
"""Values by column, as JSON has them."""

_FORMULA = re.compile(r'(^|[,;|\t\r\n])(?=[\s"\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])|^(?=[\t\r\n])')
"""Where a text begins that a spreadsheet would run (OWASP, "CSV Injection"): at the start of a cell, or behind what
another spreadsheet takes for a separator, past blanks and quotes."""
_SEPARATORS = str.maketrans({char: f"\\u{ord(char):04x}" for char in ";|"})
_LINE_BREAKS = str.maketrans({char: f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"})
"""What some readers take for the end of a line, though JSON needs no escape for it."""


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
    """Write records as RFC 4180 has them, with CRLF; every cell in quotes, so that it begins and ends at them alone."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula; nothing for null, JSON for what has no text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _FORMULA.sub(r"\1'", value)
    return _json(value).translate(_SEPARATORS)


def _csv_lines(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    return _csv([[_cell(row[column]) for column in columns] for row in rows])


def _json_lines(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    kept = ({column: row[column] for column in columns} for row in rows)
    return "".join(_json(row).translate(_LINE_BREAKS) + "\n" for row in kept).encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


WRITERS = {
    Format.CSV: Writer("text/csv; charset=utf-8; header=present", lambda columns: _csv([columns]), _csv_lines),
    Format.NDJSON: Writer("application/x-ndjson", lambda _: b"", _json_lines),
}
