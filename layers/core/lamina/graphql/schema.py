"""The schema: built from the files of `schema/`, with a resolver or an attribute for each field."""

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    assert_valid_schema,
    build_ast_schema,
    parse,
)
from graphql.pyutils import camel_to_snake

from lamina.graphql import prebuilt

if TYPE_CHECKING:
    from graphql import (
        GraphQLArgument,
        GraphQLField,
        GraphQLInputField,
        GraphQLResolveInfo,
        GraphQLSchema,
    )

type Resolver = Callable[..., Any]
"""A function of the object (not for `Query` and `Mutation`), the `Context` and the arguments in snake case."""

ROOTS = ("Query", "Mutation")


@dataclass(frozen=True)
class Model:
    """Where the fields of a type come from that have no resolver.

    Attributes:
        kind: the class that has an attribute for each of them, by its name in snake case.
        of: returns the instance of that class, given the object that resolvers return.
    """

    kind: type
    of: Callable[[Any], Any] = lambda found: found


class SchemaMismatch(TypeError):
    """The schema and the code that resolves it do not match."""


def sdl() -> str:
    """Return the schema definition: all files of `schema/`."""
    folder = files(__package__) / "schema"
    return "\n".join(each.read_text("utf-8") for each in sorted(folder.iterdir(), key=lambda each: each.name))


def build(text: str, resolvers: Mapping[str, Resolver], models: Mapping[str, Model]) -> "GraphQLSchema":
    """Return the schema of a definition.

    Args:
        text: the definition.
        resolvers: by `Type.field`. Those of the roots that are not coroutines may block, and run in threads.
        models: by type.

    Raises:
        SchemaMismatch: if a field has neither a resolver nor an attribute, or a resolver or model has no field or type.
    """
    tree = prebuilt.read(text)
    if tree:  # which was valid when it was written
        schema = build_ast_schema(tree, assume_valid=True, assume_valid_sdl=True)
    else:
        schema = build_ast_schema(parse(text, no_location=True))
        assert_valid_schema(schema)
    own = {name: kind for name, kind in schema.type_map.items() if not name.startswith("__")}
    for kind in own.values():
        if isinstance(kind, GraphQLInputObjectType):
            _rename(kind.fields)
    objects = {name: kind for name, kind in own.items() if isinstance(kind, GraphQLObjectType)}
    fields = {f"{of}.{name}": each for of, kind in objects.items() for name, each in kind.fields.items()}
    missing = [name for name, each in fields.items() if not _resolve(name, each, resolvers, models)]
    unused = {*resolvers, *models} - fields.keys() - objects.keys()
    if missing or unused:
        raise SchemaMismatch(f"without a resolver or an attribute: {missing}; without a field: {sorted(unused)}")
    return schema


def _resolve(name: str, field: "GraphQLField", resolvers: Mapping[str, Resolver], models: Mapping[str, Model]) -> bool:
    """Set the resolver of a field; return whether there is one."""
    kind, _, attribute = name.partition(".")
    attribute = camel_to_snake(attribute)
    _rename(field.args)
    if name in resolvers:
        _attach(field, resolvers[name], is_root=kind in ROOTS)
    elif kind in models and _has(models[kind].kind, attribute):
        _attach_attribute(field, models[kind], attribute)
    else:
        return False
    return True


def _rename(inputs: Mapping[str, "GraphQLArgument"] | Mapping[str, "GraphQLInputField"]) -> None:
    """Set the names under which arguments and input fields are passed on: snake case."""
    for name, each in inputs.items():
        each.out_name = camel_to_snake(name)


def _has(kind: type, name: str) -> bool:
    return name in getattr(kind, "__dataclass_fields__", {}) or hasattr(kind, name)


def _attach(field: "GraphQLField", resolver: Resolver, *, is_root: bool) -> None:
    def resolve(found: object, info: "GraphQLResolveInfo", **arguments: Any) -> Any:  # noqa: ANN401 (whatever it resolves to)
        return resolver(found, info.context, **arguments)

    async def resolve_root(_: object, info: "GraphQLResolveInfo", **arguments: Any) -> Any:  # noqa: ANN401
        if inspect.iscoroutinefunction(resolver):
            return await resolver(info.context, **arguments)
        return await asyncio.to_thread(resolver, info.context, **arguments)

    field.resolve = resolve_root if is_root else resolve


def _attach_attribute(field: "GraphQLField", model: Model, name: str) -> None:
    field.resolve = lambda found, _: getattr(model.of(found), name)
