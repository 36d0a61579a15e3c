"""ETag, If-Match and If-None-Match (RFC 9110 section 13)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.http.conditional import version_condition
from tests.unit.http.toy import ID, make, read

TAG = f'"{ID}-1"'
OTHER = '"01890a5d-ac96-774b-bcce-b302099a8058-1"'

EMPTY_ELEMENTS = [f"{TAG},", f",{TAG}", f", ,{TAG} , ,", f"{OTHER}, ,\t,{TAG}", f"{OTHER},,{TAG},"]
"""Lists as RFC 9110 section 5.6.1.2 has recipients take them."""


@pytest.mark.parametrize("sent", [TAG, f"W/{TAG}", f'"x", {TAG}', f"{OTHER},{TAG}", "*", f" {TAG} ", *EMPTY_ELEMENTS])
def test_a_caller_who_has_it_gets_304_with_the_headers_of_a_200(sent: str) -> None:
    whole, unchanged = read(), read(headers={"If-None-Match": sent})
    assert (unchanged.status, unchanged.body) == (304, b"")
    for header in ("ETag", "Cache-Control", "Vary"):  # RFC 9110 section 15.4.5
        assert unchanged.headers[header] == whole.headers[header]
    assert "Content-Type" not in unchanged.headers


@pytest.mark.parametrize("sent", ['"2"', OTHER, "", TAG.strip('"'), f"{TAG} {TAG}", f"*, {TAG}", "W/*", TAG + "x"])
def test_a_caller_who_has_another_or_says_it_badly_gets_it_whole(sent: str) -> None:
    assert read(headers={"If-None-Match": sent}).status == 200


@pytest.mark.parametrize("sent", [TAG, "*", f"{OTHER}, {TAG}", f'"a,b",{TAG}', *EMPTY_ELEMENTS])
def test_a_write_over_the_version_that_is_named_passes(sent: str) -> None:
    assert version_condition(ID, {"if-match": sent})(1)


@pytest.mark.parametrize(
    "sent",
    [
        f"W/{TAG}",
        '"1"',
        OTHER,
        f'"{ID}-2"',
        "",
        "1",
        TAG.strip('"'),
        f"{TAG} x",
        f"{TAG}{TAG}",
        f"*,{TAG}",
        "'1'",
        f"{TAG};",
        ",",
        ", ,",
        f"{TAG},x",
        f"{TAG},,{TAG}{TAG}",
    ],
)
def test_a_write_with_a_stale_weak_foreign_or_malformed_tag_never_passes(sent: str) -> None:
    assert not version_condition(ID, {"if-match": sent})(1)


@given(st.lists(st.sampled_from([TAG, OTHER, f"W/{TAG}", '"a,b"', "", " ", "\t"]), min_size=1, max_size=8))
def test_a_list_names_what_its_elements_name(elements: list[str]) -> None:
    assert version_condition(ID, {"if-match": ",".join(elements)})(1) is (TAG in elements)


@pytest.mark.parametrize("hostile", [", " * 4000, '"a",' * 2000, f"{' ,' * 2000}x", f'"a"{", " * 4000}"'])
def test_no_list_takes_long_to_read(hostile: str) -> None:
    started = time.process_time()
    assert not version_condition(ID, {"if-match": hostile})(1)
    assert time.process_time() - started < 0.5  # a regular expression that backtracks takes years


def test_a_write_that_names_no_version_passes() -> None:
    assert version_condition(ID, {})(1)


@pytest.mark.parametrize(("sent", "passes"), [("*", False), (TAG, False), (OTHER, True)])
def test_a_write_only_if_there_is_nothing_yet_does_not_touch_what_is_there(sent: str, passes: bool) -> None:
    assert version_condition(ID, {"if-none-match": sent})(1) == passes


def test_only_what_is_read_may_be_kept_and_must_be_asked_about() -> None:
    assert read().headers["Cache-Control"] == "private, no-cache"
    assert make('{"name": "x"}').headers["Cache-Control"] == "no-store"
