"""Request and response models of things."""

from typing import TypedDict

from pydantic import BaseModel, ConfigDict

from lamina.fields import Name
from lamina.ids import Href, Id, Instant
from lamina.things.model import Thing


class ThingInput(BaseModel):
    """A thing to be created."""

    model_config = ConfigDict(extra="forbid")

    name: Name


class ThingChange(BaseModel):
    """Some fields of a thing, for PATCH (RFC 7396): what is left out is unchanged."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""


class ThingView(BaseModel):
    """A thing."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    name: Name
    version: int
    created_at: Instant
    updated_at: Instant


class ThingLinks(TypedDict):
    """Links of a thing."""

    self: Href
    collection: Href


def links(thing: Thing) -> ThingLinks:
    """Return the links of a thing."""
    return {"self": f"/v1/things/{thing.id}", "collection": "/v1/things"}
