"""`make audit`: a finding fails, and a scanner that cannot run is skipped with its reason; `--strict` fails for it."""

import json
from collections.abc import Mapping

import pytest

from operations import audit
from operations.audit import Result, audited, scan


def report(*packages: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": list(packages)})


FINE = {"name": "a", "version": "1", "vulns": []}
BROKEN = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}, {"id": "GHSA-2"}]}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (3)"}


@pytest.mark.parametrize(
    ("written", "errors", "result"),
    [
        (report(FINE, UNKNOWN), "", Result("passed")),
        (report(FINE, BROKEN), "Found 2", Result("failed", "b 2: PYSEC-1, GHSA-2")),
        ("", "requests.exceptions.ConnectionError: x\nMax retries exceeded", Result("skipped", "Max retries exceeded")),
        ("", "Traceback\nKeyError: 1", Result("failed", "KeyError: 1")),
    ],
)
def test_what_pip_audit_reports_is_passed_failed_or_skipped(written: str, errors: str, result: Result) -> None:
    assert audited(written, errors) == result


def test_an_index_that_knows_no_package_has_no_database() -> None:
    result = audited(report(UNKNOWN, UNKNOWN), "")
    assert result.outcome == "skipped"
    assert "no database of vulnerabilities" in result.detail


@pytest.mark.parametrize(
    ("outcome", "strict", "code"),
    [("passed", True, 0), ("skipped", False, 0), ("skipped", True, 1), ("failed", False, 1)],
)
def test_the_exit_code_is_that_of_the_worst_result(
    outcome: str, code: int, capsys: pytest.CaptureFixture[str], *, strict: bool
) -> None:
    scanners = {"first": lambda: Result(outcome, "because\nmore"), "second": lambda: Result("passed")}
    assert scan(scanners, strict=strict) == code
    assert capsys.readouterr().out.splitlines() == [f"{outcome:8}{'first':14}because", "more", "passed  second"]


def test_an_unknown_scanner_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        audit.main(["viruses"])
    assert "no such scanner: viruses" in capsys.readouterr().err
