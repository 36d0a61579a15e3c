"""The checker of compatibility: what it lets pass breaks nobody, and what breaks somebody it does not let pass."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from docs.build.events.compatibility import differences

type Json = dict[str, Any]

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=3),
    "integer": st.integers(),
    "boolean": st.booleans(),
    "null": st.none(),
}
NAMES = ("id", "title", "required", "properties", "description")
"""Names of data, some of which are JSON Schema's own too."""


def object_of(members: dict[str, Json], required: list[str]) -> Json:
    return {"type": "object", "properties": members, "required": required}


@st.composite
def objects(draw: st.DrawFn, depth: int = 2) -> Json:
    kinds: list[st.SearchStrategy[Json]] = [st.sampled_from(list(VALUES)).map(lambda name: {"type": name})]
    if depth:
        kinds += [objects(depth - 1), objects(depth - 1).map(lambda items: {"type": "array", "items": items})]
    members = draw(st.dictionaries(st.sampled_from(NAMES), st.one_of(kinds), max_size=4))
    required = draw(st.lists(st.sampled_from(sorted(members)), unique=True)) if members else []
    return object_of(members, required)


def instances(schema: Json) -> st.SearchStrategy[Any]:
    """Values as somebody writes them who knows the schema: nothing beside what it names."""
    if schema["type"] == "array":
        return st.lists(instances(schema["items"]), min_size=1, max_size=2)
    if schema["type"] != "object":
        return VALUES[schema["type"]]
    members = {name: instances(inner) for name, inner in schema["properties"].items()}
    needed = {name: members[name] for name in schema["required"]}
    return st.fixed_dictionaries(
        needed, optional={name: inner for name, inner in members.items() if name not in needed}
    )


def places(schema: Json) -> list[Json]:
    """Every object within a schema, itself first."""
    if schema["type"] == "array":
        return places(schema["items"])
    if schema["type"] != "object":
        return []
    return [schema, *(found for inner in schema["properties"].values() for found in places(inner))]


def accepts(schema: Json, value: Any) -> bool:
    return Draft202012Validator(schema).is_valid(value)


@st.composite
def additions(draw: st.DrawFn) -> tuple[Json, Json]:
    """A schema, and the same with optional data and words for people added wherever they can be."""
    before = draw(objects())
    after = copy.deepcopy(before)
    for place in places(after):
        place["description"] = draw(st.text(max_size=3))
        if draw(st.booleans()):
            place["properties"]["added"] = draw(objects(1))
    return before, after


@st.composite
def breakages(draw: st.DrawFn) -> tuple[Json, Json]:
    """A schema, and the same with one thing broken somewhere."""
    before = draw(objects().filter(lambda schema: schema["properties"]))
    after = copy.deepcopy(before)
    place = draw(st.sampled_from([found for found in places(after) if found["properties"]]))
    name = draw(st.sampled_from(sorted(place["properties"])))
    match draw(st.sampled_from(["gone", "another type", "requirement"])):
        case "gone":
            del place["properties"][name]
            place["required"] = [other for other in place["required"] if other != name]
        case "another type":
            old = place["properties"][name]["type"]
            place["properties"][name] = {"type": draw(st.sampled_from([new for new in VALUES if new != old]))}
        case _:
            place["required"] = sorted(set(place["required"]) ^ {name})
    return before, after


@pytest.mark.exhaustive
@given(additions(), st.data())
def test_what_passes_breaks_neither_old_consumers_nor_replays(pair: tuple[Json, Json], data: st.DataObject) -> None:
    before, after = pair
    assert differences(before, after) == []
    assert accepts(before, data.draw(instances(after)))
    assert accepts(after, data.draw(instances(before)))


@pytest.mark.exhaustive
@given(objects(), objects(), st.data())
def test_of_any_two_schemas_those_that_pass_take_each_others_events(
    before: Json, after: Json, data: st.DataObject
) -> None:
    if not differences(before, after):
        assert accepts(before, data.draw(instances(after)))
        assert accepts(after, data.draw(instances(before)))


@pytest.mark.exhaustive
@given(breakages())
def test_whatever_is_broken_is_found(pair: tuple[Json, Json]) -> None:
    assert differences(*pair)


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (object_of({"id": {"type": "string"}}, []), "id is no longer required"),
        (object_of({}, []), "id is gone"),
        (object_of({"id": {"type": "integer"}}, ["id"]), "id has type integer where it had type string"),
        (
            object_of({"id": {"type": "string", "maxLength": 3}}, ["id"]),
            "id has maxLength 3 where it had no maxLength",
        ),
        (
            object_of({"id": {"type": "string"}, "at": {"type": "string"}}, ["id", "at"]),
            "at is required, which earlier events do not have",
        ),
        (
            object_of({"id": {"type": "string"}}, ["id"]) | {"additionalProperties": False},
            "the event has additionalProperties False where it had no additionalProperties",
        ),
    ],
)
def test_an_incompatible_change_is_explained(after: Json, sentence: str) -> None:
    assert sentence in differences(object_of({"id": {"type": "string"}}, ["id"]), after)


def test_words_for_people_and_the_order_of_choices_may_change() -> None:
    before = {"anyOf": [{"type": "string"}, {"type": "null", "description": "nobody"}], "title": "Actor"}
    assert differences(before, {"anyOf": [{"type": "null"}, {"type": "string"}], "examples": ["x"]}) == []
