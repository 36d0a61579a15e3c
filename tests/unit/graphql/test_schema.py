"""The schema and the code that resolves it match, and a mismatch is found when the module is imported."""

from dataclasses import dataclass

import pytest
from graphql import GraphQLSchema, print_schema

from lamina.graphql import posts, users
from lamina.graphql.execution import SCHEMA
from lamina.graphql.schema import Model, SchemaMismatch, build, sdl
from lamina.graphql.users import PRIVATE
from lamina.users.schemas import PublicProfile, UserView


@dataclass
class Thing:
    big_name: str


TEXT = "type Query { thing: Thing } type Thing { bigName: String }"
RESOLVERS = {"Query.thing": lambda _: Thing("A")}
MODELS = {"Thing": Model(Thing)}


def test_a_field_has_a_resolver_or_an_attribute() -> None:
    assert isinstance(build(TEXT, RESOLVERS, MODELS), GraphQLSchema)


@pytest.mark.parametrize(
    ("text", "resolvers", "models", "named"),
    [
        (TEXT, {}, MODELS, "Query.thing"),
        (TEXT, RESOLVERS, {}, "Thing.bigName"),
        (TEXT.replace("bigName", "other"), RESOLVERS, MODELS, "Thing.other"),
        (TEXT, {**RESOLVERS, "Query.other": print}, MODELS, "Query.other"),
        (TEXT, {**RESOLVERS, "Other.id": print}, MODELS, "Other.id"),
        (TEXT, RESOLVERS, {**MODELS, "Other": Model(Thing)}, "Other"),
    ],
)
def test_what_does_not_match_is_named(text: str, resolvers: dict, models: dict, named: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(SchemaMismatch, match=named):
        build(text, resolvers, models)


def test_the_files_are_the_whole_schema() -> None:
    build(sdl(), {**users.RESOLVERS, **posts.RESOLVERS}, {**users.MODELS, **posts.MODELS})
    assert print_schema(SCHEMA).count("extend") == 0


def test_a_user_has_the_fields_of_rest_and_hides_what_rest_hides() -> None:
    def camel(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(map(str.title, rest))

    fields = set(SCHEMA.type_map["User"].fields)  # type: ignore[attr-defined]  # it is an object type
    fields -= {"posts"}
    assert fields == {camel(name) for name in UserView.model_fields} - {"deletedAt"}
    assert fields - set(PRIVATE) == {camel(name) for name in PublicProfile.model_fields}
