"""What an endpoint's signature says: where its arguments come from, and what it answers."""

from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from lamina.errors import Invalid
from lamina.http.request import Request
from lamina.http.responses import JSON, Response
from lamina.http.route import Route


class Kite(BaseModel):
    """A body."""

    colour: str


def serve(
    kite_id: Annotated[str, Field(min_length=2)],
    body: Kite,
    since: Annotated[int | None, Field(ge=1, alias="from")] = None,
    torn: bool = False,
) -> Response[Kite]:
    """Never called."""
    raise NotImplementedError(kite_id, body, since, torn)


route = Route("POST", "/kites/<kite_id>", serve, {})


def asking(query: dict[str, list[str]], body: str = '{"colour": "red"}') -> Request:
    return Request({"httpMethod": "POST", "path": "", "multiValueQueryStringParameters": query, "body": body})


def test_arguments_come_from_path_query_and_body_each_as_its_type() -> None:
    given = route.arguments(asking({"from": ["3"], "torn": ["true"]}), {"kite_id": "k1"})
    assert given == {"kite_id": "k1", "body": Kite(colour="red"), "since": 3, "torn": True}


def test_what_is_left_out_is_left_to_the_function() -> None:
    assert route.arguments(asking({}), {"kite_id": "k1"}).keys() == {"kite_id", "body"}


def test_everything_that_is_wrong_is_told_at_once_by_the_names_that_clients_use() -> None:
    with pytest.raises(Invalid) as refused:
        route.arguments(asking({"from": ["0"], "torn": ["x"]}, "{}"), {"kite_id": "k"})
    assert [problem.field for problem in refused.value.details] == ["kite_id", "from", "torn", "colour"]


def test_query_parameters_are_named_as_clients_send_them() -> None:
    assert route.query == ["from", "torn"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/kites/k1", {"kite_id": "k1"}),
        ("/kites/k1/", {"kite_id": "k1"}),
        ("/kites/Zoë's", {"kite_id": "Zoë's"}),
        ("/kites/", None),
        ("/kites/k1/tail", None),
        ("/kites/\x00", None),
        ("/v1/kites/k1", None),
    ],
)
def test_a_path_leads_here_or_elsewhere(path: str, found: dict[str, str] | None) -> None:
    assert route.match(path) == found


def test_an_answer_is_written_in_utf_8_without_spaces() -> None:
    assert route.write({"colour": "weiß"}) == '{"colour":"weiß"}'


def test_a_media_type_stands_where_there_is_a_body_to_have_it() -> None:
    assert Response[Kite](200, JSON, {"colour": "red"}).headers == {"Content-Type": JSON}
    assert Response[None](204).headers == {}
