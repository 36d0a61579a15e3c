"""ETag, If-Match and If-None-Match (RFC 9110 section 13)."""

import pytest

from lamina.http.conditional import version_condition
from tests.unit.http.toy import ID, make, read

TAG = f'"{ID}-1"'
OTHER = '"01890a5d-ac96-774b-bcce-b302099a8058-1"'


@pytest.mark.parametrize("sent", [TAG, f"W/{TAG}", f'"x", {TAG}', f"{OTHER},{TAG}", "*", f" {TAG} "])
def test_a_caller_who_has_it_gets_304_with_the_headers_of_a_200(sent: str) -> None:
    whole, unchanged = read(), read(headers={"If-None-Match": sent})
    assert (unchanged.status, unchanged.body) == (304, b"")
    for header in ("ETag", "Cache-Control", "Vary"):  # RFC 9110 section 15.4.5
        assert unchanged.headers[header] == whole.headers[header]
    assert "Content-Type" not in unchanged.headers


@pytest.mark.parametrize("sent", ['"2"', OTHER, "", TAG.strip('"'), f"{TAG} {TAG}", f"*, {TAG}", "W/*", TAG + "x"])
def test_a_caller_who_has_another_or_says_it_badly_gets_it_whole(sent: str) -> None:
    assert read(headers={"If-None-Match": sent}).status == 200


@pytest.mark.parametrize("sent", [TAG, "*", f"{OTHER}, {TAG}", f'"a,b",{TAG}'])
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
        f"{TAG},",
    ],
)
def test_a_write_with_a_stale_weak_foreign_or_malformed_tag_never_passes(sent: str) -> None:
    assert not version_condition(ID, {"if-match": sent})(1)


def test_a_write_that_names_no_version_passes() -> None:
    assert version_condition(ID, {})(1)


@pytest.mark.parametrize(("sent", "passes"), [("*", False), (TAG, False), (OTHER, True)])
def test_a_write_only_if_there_is_nothing_yet_does_not_touch_what_is_there(sent: str, passes: bool) -> None:
    assert version_condition(ID, {"if-none-match": sent})(1) == passes


def test_only_what_is_read_may_be_kept_and_must_be_asked_about() -> None:
    assert read().headers["Cache-Control"] == "private, no-cache"
    assert make('{"name": "x"}').headers["Cache-Control"] == "no-store"
