"""Formats of reports: convert a page of rows to bytes."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

type Row = Mapping[str, Any]
"""JSON values by column."""

_FORMULA = re.compile(r'(^|[,;|\t\r\n])(?=[\s"\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])|^(?=[\t\r\n])')
"""The start of text that a spreadsheet would execute (OWASP, "CSV Injection"): at the start of a cell, or after a
character that another spreadsheet uses as a separator, ignoring blanks and quotes."""
_SEPARATORS = str.maketrans({char: f"\\u{ord(char):04x}" for char in ";|"})
_LINE_BREAKS = str.maketrans({char: f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"})
"""Characters that some readers treat as line ends, although JSON does not require escaping them."""


class Format(StrEnum):
    """The file format of a report."""

    CSV = "csv"
    NDJSON = "ndjson"


@dataclass(frozen=True)
class Writer:
    """A writer of a format.

    Attributes:
        media_type: media type of the file.
        head: returns the beginning of the file, given the columns.
        lines: returns a page of rows as bytes.
    """

    media_type: str
    head: Callable[[Sequence[str]], bytes]
    lines: Callable[[Sequence[str], Sequence[Row]], bytes]


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Return records in the format of RFC 4180, with CRLF; every cell is quoted, so that its end is unambiguous."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """Return a value so that no spreadsheet treats it as a formula; empty for null, JSON for compound values."""
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
