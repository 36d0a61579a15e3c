"""Limits of a query, checked before it is validated and executed.

A query is measured as it will be executed: selections of one field in several places are merged, fragments are
followed, and variables have their values. Each set of selections is measured once, so that a small document with
fragments in fragments takes little work, however large its result would be.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
    get_named_type,
    is_list_type,
    parse,
)

from lamina.errors import Invalid, Problem

if TYPE_CHECKING:
    from graphql import (
        DocumentNode,
        GraphQLField,
        GraphQLSchema,
        SelectionSetNode,
    )
    from graphql.language import DirectiveNode

MAX_TOKENS = 2000
MAX_DEPTH = 8
MAX_COST = 1000
MAX_ALIASES = 10
MAX_REPETITIONS = 100
"""Selections of one field under one name. Validation compares each with each."""
MAX_INTROSPECTION_DEPTH = 16
"""The standard query has 15 levels."""
META_FIELDS = {"__schema", "__type"}
INTROSPECTION_LISTS = {"fields", "interfaces", "possibleTypes", "inputFields"}
"""Fields of `__Type` that lead to further types. One in another is refused."""
SIZES = ("limit", "first")
"""Arguments that say how many objects a list has at most."""


class LimitExceeded(Invalid):
    """The query exceeds a limit; the message names the limit and the value."""

    code = "LIMIT_EXCEEDED"
    message = "The query exceeds a limit. See details."


def exceeded(limit: str, value: str, maximum: int) -> LimitExceeded:
    """Return the error for a value that exceeds a limit."""
    advice = f"is {value}; the limit is {maximum:,}"
    return LimitExceeded(f"The {limit} of the query {advice}.", details=[Problem(limit, advice)])


def parse_limited(query: str) -> "DocumentNode":
    """Parse a document of at most 2,000 tokens.

    Raises:
        LimitExceeded: if it has more tokens, or is nested so deep that it cannot be parsed.
        GraphQLSyntaxError: if it is not a document.
    """
    try:
        return parse(query, max_tokens=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        if error.message.startswith("Syntax Error: Document contains more tha"):
            raise exceeded("number of tokens", f"more than {MAX_TOKENS:,}", MAX_TOKENS) from None
        raise
    except RecursionError:
        raise exceeded("depth", "more than 100", MAX_DEPTH) from None


def only_operation(document: "DocumentNode") -> OperationDefinitionNode:
    """Return the operation of a document.

    Raises:
        LimitExceeded: if there are several.
        Invalid: if there is none.
    """
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) > 1:
        raise exceeded("number of operations", str(len(operations)), 1)
    if not operations:
        raise Invalid("The document has no operation.", details=[Problem("query", "has no operation")])
    return operations[0]


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes:
        depth: number of fields on the longest path.
        cost: number of objects at most, and what fields cost by `@cost`.
        introspects: whether it reads the schema.
    """

    depth: int
    cost: int
    introspects: bool


def check(schema: "GraphQLSchema", document: "DocumentNode", variables: Mapping[str, Any]) -> Measured:
    """Measure the operation of a document, and check it against the limits.

    Raises:
        LimitExceeded: if it exceeds one.
        Invalid: if it has no operation, or one of a kind that the schema does not have.
    """
    operation = only_operation(document)
    root = schema.get_root_type(operation.operation)
    if root is None:
        kind = operation.operation.value
        raise Invalid(f"The API has no {kind}s over HTTP.", details=[Problem("query", f"must not be a {kind}")])
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    measure = _Measure(fragments, _values(operation, variables))
    depth, cost = measure.of(root, (operation.selection_set,), depth=0, inherited=1)
    _check_cost(cost)
    return Measured(depth, cost, measure.introspects)


def _check_cost(cost: int) -> None:
    if cost > MAX_COST:
        raise exceeded("cost", f"{cost:,}", MAX_COST)


def _values(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of variables; those of defaults where there are none."""
    defaults = {
        each.variable.name.value: int(each.default_value.value)
        for each in operation.variable_definitions
        if isinstance(each.default_value, IntValueNode) and _is_small(each.default_value.value)
    }
    return {**defaults, **variables}


def _is_small(digits: str) -> bool:
    return len(digits) <= len(str(2**31)) + 1


@dataclass
class _Measure:
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    introspects: bool = False
    _known: dict[tuple[object, ...], tuple[int, int]] = field(default_factory=dict)

    def of(
        self, parent: GraphQLObjectType, sets: tuple["SelectionSetNode", ...], *, depth: int, inherited: int
    ) -> tuple[int, int]:
        """Return depth and cost of what is selected of one object."""
        key = (parent.name, inherited, *map(id, sets))
        if key not in self._known:
            if depth >= MAX_DEPTH:
                raise exceeded("depth", f"at least {depth + 1}", MAX_DEPTH)
            self._known[key] = self._measured(parent, sets, depth, inherited)
            if len(self._known) > MAX_COST:
                raise exceeded("cost", f"more than {MAX_COST:,}", MAX_COST)
        found = self._known[key]
        if depth + found[0] > MAX_DEPTH:
            raise exceeded("depth", str(depth + found[0]), MAX_DEPTH)
        return found

    def _measured(
        self, parent: GraphQLObjectType, sets: tuple["SelectionSetNode", ...], depth: int, inherited: int
    ) -> tuple[int, int]:
        deepest = cost = 0
        for nodes in self._grouped(sets).values():
            name = nodes[0].name.value
            if name in META_FIELDS:
                self.introspects = True
                self._check_introspection(nodes, level=1, is_listed=False, seen=set())
                cost += 1
                continue
            below, price = self._of_field(parent.fields.get(name), nodes, depth + 1, inherited)
            deepest, cost = max(deepest, 1 + below), cost + price
        return deepest, cost

    def _of_field(
        self, selected: "GraphQLField | None", nodes: list[FieldNode], depth: int, inherited: int
    ) -> tuple[int, int]:
        """Return the depth below a field, and its cost; validation refuses fields that do not exist."""
        if selected is None:
            return 0, 0
        size = self._size(selected, nodes)
        is_list = is_list_type(_nullable(selected.type))
        count = (size or inherited) if is_list else 1
        kind = get_named_type(selected.type)
        inner = _inner(nodes)
        if not isinstance(kind, GraphQLObjectType) or not inner:
            return 0, _weight(selected)
        below, cost = self.of(kind, inner, depth=depth, inherited=1 if is_list else size or 1)
        return below, count * (1 + cost)

    def _size(self, selected: "GraphQLField", nodes: list[FieldNode]) -> int | None:
        """Return how many objects a list has at most by its argument; None if it has none."""
        for name in SIZES:
            if name in selected.args:
                default = selected.args[name].default_value
                given = [
                    _integer(argument.value, self.variables)
                    for node in nodes
                    for argument in node.arguments
                    if argument.name.value == name
                ]
                usual = default if default is not Undefined else 1
                return max([1, *(usual if each is None else each for each in given or [None])])
        return None

    def _grouped(self, sets: Iterable["SelectionSetNode"]) -> dict[str, list[FieldNode]]:
        """Return the fields that are selected, by the names of their results."""
        found: defaultdict[str, list[FieldNode]] = defaultdict(list)
        names: defaultdict[str, set[str]] = defaultdict(set)
        for node in self._flat(sets):
            answered = node.alias.value if node.alias else node.name.value
            found[answered].append(node)
            names[node.name.value].add(answered)
            if len(found[answered]) > MAX_REPETITIONS:
                raise exceeded(
                    f"number of selections of {_short(answered)}", f"{len(found[answered])}", MAX_REPETITIONS
                )
        for name, aliases in names.items():
            if len(aliases) > MAX_ALIASES:
                raise exceeded(f"number of aliases of {_short(name)}", str(len(aliases)), MAX_ALIASES)
        return found

    def _flat(self, sets: Iterable["SelectionSetNode"]) -> Iterable[FieldNode]:
        """Yield the fields of sets and of their fragments, each fragment once."""
        waiting, seen = list(sets), set[str]()
        while waiting:
            for node in waiting.pop().selections:
                if isinstance(node, FieldNode):
                    yield node
                elif isinstance(node, InlineFragmentNode):
                    waiting.append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode):
                    name = node.name.value
                    if name in self.fragments and name not in seen:
                        seen.add(name)
                        waiting.append(self.fragments[name].selection_set)

    def _check_introspection(
        self, nodes: list[FieldNode], *, level: int, is_listed: bool, seen: set[tuple[object, ...]]
    ) -> None:
        """Refuse a query of the schema that can grow beyond the size of the schema."""
        inner = _inner(nodes)
        key = (level, is_listed, *map(id, inner))
        if key in seen or not inner:
            return
        seen.add(key)
        if level >= MAX_INTROSPECTION_DEPTH:
            raise exceeded("depth of introspection", f"at least {level + 1}", MAX_INTROSPECTION_DEPTH)
        if len(seen) > MAX_COST:
            raise exceeded("cost of introspection", f"more than {MAX_COST:,}", MAX_COST)
        for answered, selected in self._grouped(inner).items():
            name = selected[0].name.value
            if answered != name:
                raise exceeded("number of aliases in introspection", "1", 0)
            lists = name in INTROSPECTION_LISTS
            if lists and is_listed:
                raise exceeded("nesting of lists in introspection", "2", 1)
            self._check_introspection(selected, level=level + 1, is_listed=is_listed or lists, seen=seen)


def _nullable(kind: object) -> object:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _inner(nodes: Iterable[FieldNode]) -> tuple["SelectionSetNode", ...]:
    return tuple(node.selection_set for node in nodes if node.selection_set)


def _integer(value: object, variables: Mapping[str, Any]) -> int | None:
    """Return the integer that an argument stands for; None for anything else, which is left to validation."""
    if isinstance(value, VariableNode):
        given = variables.get(value.name.value)
        return given if isinstance(given, int) else None
    return int(value.value) if isinstance(value, IntValueNode) and _is_small(value.value) else None


def _weight(selected: "GraphQLField") -> int:
    """Return what a field costs by itself."""
    directives: Iterable[DirectiveNode] = selected.ast_node.directives if selected.ast_node else ()
    return sum(
        int(argument.value.value)
        for directive in directives
        if directive.name.value == "cost"
        for argument in directive.arguments
        if isinstance(argument.value, IntValueNode)
    )


def _short(name: str) -> str:
    return name if len(name) <= 50 else f"{name[:50]}…"  # noqa: PLR2004 (as much as helps to find it)
