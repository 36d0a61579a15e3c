"""Query and path parameters."""

import pytest

from tests.unit.http.toy import ID, read


def test_an_unknown_query_parameter_is_refused_and_the_known_ones_are_named() -> None:
    answer = read(f"/toys/{ID}?limit=1&serach=x")
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert answer.error["details"] == [
        {"field": "serach", "message": "is not a query parameter of this endpoint; supported: limit, search"}
    ]


def test_a_query_parameter_sent_twice_is_refused() -> None:
    answer = read(f"/toys/{ID}?limit=1&limit=2")
    assert answer.error["details"] == [{"field": "limit", "message": "must not be repeated"}]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.5", "1e2", "9" * 5000, "NaN"])
def test_a_number_that_is_none_or_out_of_bounds_is_refused(limit: str) -> None:
    answer = read(f"/toys/{ID}?limit={limit}")
    assert (answer.status, answer.error["details"][0]["field"]) == (400, "limit")


@pytest.mark.parametrize("value", ["a\x00b", "\x07", "a\nb", "\x7f", "\ud800", "Zo\ufffd"])
def test_a_query_value_that_cannot_be_text_is_refused(value: str) -> None:
    answer = read(query={"search": [value]})
    assert answer.status == 400
    assert answer.error["details"] == [{"field": "search", "message": "contains invalid characters"}]


def test_a_query_name_that_cannot_be_text_is_refused_without_being_repeated() -> None:
    assert read(query={"\ud800": ["x"]}).error["details"][0]["field"] == "query"


def test_a_comma_belongs_to_the_value() -> None:
    assert read(query={"search": ["a,b"]}).data["search"] == "a,b"


def test_any_canonical_uuid_is_an_id_in_whatever_case() -> None:
    for identifier in (ID, ID.upper(), "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d", "00000000-0000-0000-0000-000000000000"):
        assert read(f"/toys/{identifier}").data["toy_id"] == identifier.lower()


@pytest.mark.parametrize(
    "identifier",
    ["1", "x" * 9000, ID + "0", ID.replace("-", ""), f"{{{ID}}}", "%00", "..%2f", "urn:uuid:" + ID, "null"],
)
def test_what_is_no_uuid_is_said_to_be_none(identifier: str) -> None:
    answer = read(f"/toys/{identifier}")
    assert answer.status in (400, 404)
    if answer.status == 400:
        (detail,) = answer.error["details"]
        assert detail["field"] == "toy_id"
        assert detail["message"].startswith("must be a UUID")


@pytest.mark.parametrize("path", ["/toys/\x00", "/toys/\udc80", "/other", "/toys//" + ID])
def test_a_path_that_leads_nowhere_is_404(path: str) -> None:
    answer = read(path)
    assert (answer.status, answer.error["code"]) == (404, "NOT_FOUND")
