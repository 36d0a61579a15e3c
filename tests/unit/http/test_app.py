"""What an endpoint's signature says: where its arguments come from, and what it returns."""

from typing import Annotated, Any

import pytest
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel

from lamina.http import JSON, App, Query, Response
from tests.support.aws import Answer, Api
from tests.unit.http.toy import send


class Kite(BaseModel):
    """A body."""

    colour: str


app = App(public=True, enveloped=False)
seen: list[dict[str, Any]] = []


@app.post("/kites/<kite_id>")
def serve(
    kite_id: Annotated[str, Path(min_length=2)],
    body: Kite,
    since: Annotated[int | None, Query(ge=1, alias="from")] = None,
    torn: Annotated[bool, Query()] = False,
) -> Response[Kite]:
    """Return the body."""
    seen[:] = [{"kite_id": kite_id, "body": body, "since": since, "torn": torn}]
    return Response(200, JSON, body)


def ask(path: str, body: dict[str, str] | None = None) -> Answer:
    return send(app, Api()._event("POST", path, {"colour": "red"} if body is None else body, {}, ""))


def test_arguments_come_from_path_query_and_body_each_as_its_type() -> None:
    assert ask("/kites/k1?from=3&torn=true").status == 200
    assert seen == [{"kite_id": "k1", "body": Kite(colour="red"), "since": 3, "torn": True}]


@pytest.mark.parametrize(
    "declared", [Kite, Response, Response[Kite], Response[list[Kite]], Response[dict[str, str]], None]
)
def test_an_endpoint_that_declares_no_envelope_is_refused_when_it_is_imported(declared: Any) -> None:
    def fly() -> Any:
        """Return a kite."""

    fly.__annotations__["return"] = declared
    with pytest.raises(TypeError, match=r"test_app\.fly declares .*`-> Response\[Envelope\[…\]\]`"):
        App(public=True).get("/kites")(fly)


def test_an_endpoint_that_declares_nothing_is_refused_when_it_is_imported() -> None:
    with pytest.raises(TypeError, match=r"declares that it returns nothing"):
        App(public=True).get("/kites")(lambda: None)


@pytest.mark.parametrize("media_type", [JSON, None])
def test_an_answer_is_json_whether_or_not_its_function_says_so(media_type: str | None) -> None:
    plain = App(public=True, enveloped=False)

    @plain.get("/kites")
    def fly() -> Response[Kite]:
        """Return a kite."""
        return Response(200, media_type, Kite(colour="red"))

    answer = send(plain, Api()._event("GET", "/kites", None, {}, ""))
    assert (answer.status, answer.headers["Content-Type"], answer.json) == (200, JSON, {"colour": "red"})


def test_what_is_left_out_has_the_default_of_the_function() -> None:
    ask("/kites/k1")
    assert (seen[0]["since"], seen[0]["torn"]) == (None, False)


def test_everything_that_is_wrong_is_reported_at_once_by_the_names_that_clients_use() -> None:
    refused = ask("/kites/k?from=0&torn=x", {})
    assert [problem["field"] for problem in refused.error["details"]] == ["kite_id", "from", "torn", "colour"]


@pytest.mark.parametrize(
    ("path", "kite"),
    [
        ("/kites/k1", "k1"),
        ("/kites/k1/", "k1"),
        ("/kites/Zoë's", "Zoë's"),
        ("/kites/", None),
        ("/kites/k1/tail", None),
        ("/kites/k1\n", None),
        ("/kites/\x00", None),
        ("/v1/kites/k1", None),
    ],
)
def test_a_path_leads_here_or_elsewhere(path: str, kite: str | None) -> None:
    event = Api()._event("POST", "/kites/k1", {"colour": "red"}, {}, "") | {"path": path}
    answer = send(app, event)
    assert (answer.status, seen[0]["kite_id"] if answer.status == 200 else None) == (200 if kite else 404, kite)


def test_json_is_written_in_utf_8_without_spaces() -> None:
    event = Api()._event("POST", "/kites/k1", {"colour": "weiß"}, {}, "")
    context: Any = None
    assert app.handler(event, context)["body"] == '{"colour":"weiß"}'
