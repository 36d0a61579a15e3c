"""The schema and the code that resolves it match, and a mismatch is found when the module is imported."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_ast_schema, print_schema

from lamina.graphql import execution, prebuilt
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
    build(sdl(), execution.RESOLVERS, execution.MODELS)
    assert print_schema(SCHEMA).count("extend") == 0


def test_a_tree_that_was_written_is_the_schema_and_is_read_for_this_schema_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prebuilt.write(sdl(), tmp_path)
    tree = prebuilt.read(sdl(), tmp_path)
    assert tree is not None
    assert print_schema(build_ast_schema(tree)) == print_schema(SCHEMA)
    assert prebuilt.read(sdl() + "\n", tmp_path) is None
    monkeypatch.setattr(prebuilt, "version", "0.0.0")
    assert prebuilt.read(sdl(), tmp_path) is None


def test_a_schema_built_from_its_tree_has_the_same_resolvers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prebuilt.write(TEXT, tmp_path)
    monkeypatch.setattr(prebuilt, "read", partial(prebuilt.read, folder=tmp_path))
    for given in (build(TEXT, RESOLVERS, MODELS), build(sdl(), execution.RESOLVERS, execution.MODELS)):
        assert isinstance(given, GraphQLSchema)
    with pytest.raises(SchemaMismatch):
        build(TEXT, {}, MODELS)


def test_a_user_has_the_fields_of_rest_and_hides_what_rest_hides() -> None:
    def camel(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(map(str.title, rest))

    fields = set(SCHEMA.type_map["User"].fields)  # type: ignore[attr-defined]  # it is an object type
    fields -= {"posts", "orders"}
    assert fields == {camel(name) for name in UserView.model_fields} - {"deletedAt"}
    assert fields - set(PRIVATE) == {camel(name) for name in PublicProfile.model_fields}
