"""An endpoint that knows no business, to try the contract on: it answers what it was given."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.http import MERGE_PATCH, App, Envelope, Id, Query, Response
from tests.support.aws import Answer, Api, Context, answer_of

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
CALLER = {"user_id": ID, "role": "viewer", "session_id": ID, "scope": "read write delete"}


class Address(BaseModel):
    """A thing within a thing, so that paths have two parts."""

    model_config = ConfigDict(extra="forbid")

    city: Annotated[str, Field(min_length=2, max_length=20)]


class Toy(BaseModel):
    """What the endpoint takes and answers."""

    model_config = ConfigDict(extra="forbid")

    name: str
    age: Annotated[int, Field(ge=0, le=120, strict=True)] = 0
    address: Address | None = None
    rest: dict[str, Any] = Field(default_factory=dict)


Limit = Annotated[int, Query(ge=1, le=100)]

taking = App(public=True, versioned=True, media_types=MERGE_PATCH)
reading = App(public=True, versioned=True)
doing = App()


@taking.post("/toys")
def make_toy(body: Toy) -> Response[Envelope[Toy]]:
    """Answer the body."""
    return taking.respond(body, links={"self": f"/toys/{ID}"}, etag="1", created=True)


@reading.get("/toys/<toy_id>")
def read_toy(
    toy_id: Id, limit: Limit = 20, search: Annotated[str | None, Query()] = None
) -> Response[Envelope[dict[str, Any]]]:
    """Answer the parameters."""
    seen = {"toy_id": toy_id, "limit": limit, "search": search}
    return reading.respond(seen, links={"self": "/toys"}, etag=f"{ID}-1")


@doing.post("/toys/<toy_id>/do")
def do_toy(toy_id: Id) -> Response[None]:  # noqa: ARG001 (it only has to be a UUID)
    """Answer nothing."""
    return doing.no_content()


def send(resolver: App, event: Mapping[str, Any]) -> Answer:
    """Call an endpoint as Lambda does."""
    context: Any = Context()
    return answer_of(resolver.handler(event, context))


def make(body: str | bytes | None, headers: Mapping[str, str] | None = None) -> Answer:
    """POST this body as it is."""
    event = Api()._event("POST", "/toys", body, headers or {}, "")
    return send(taking, event)


def read(
    target: str = f"/toys/{ID}", headers: Mapping[str, str] | None = None, query: Mapping[str, list[str]] | None = None
) -> Answer:
    """GET this."""
    event = Api()._event("GET", target, None, headers or {}, "")
    if query is not None:
        event["multiValueQueryStringParameters"] = query
    return send(reading, event)


def do(
    body: str | None = None, claims: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """POST to what takes no body and wants a caller."""
    event = Api()._event("POST", f"/toys/{ID}/do", body, headers or {}, "")
    event["requestContext"]["authorizer"] = CALLER if claims is None else claims
    return send(doing, event)
