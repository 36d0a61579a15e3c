"""Each function has the layers whose packages it imports and no other: what it does not need slows its start."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from layers.runtime.build import HERE
from tests.support.templates import Function, functions, template

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "layers" / "core"
LOCKS = {
    "RuntimeLayer": "requirements.txt",
    "CryptoLayer": "crypto.txt",
    "ImagesLayer": "images.txt",
    "MailLayer": "mail.txt",
    "EgressLayer": "egress.txt",
    "ContentLayer": "content.txt",
    "GraphqlLayer": "graphql.txt",
}
"""What the layers of packages hold."""
EVERYWHERE = {"CoreLayer", "RuntimeLayer"}
ASSETS = {"gateway/docs": {"DocsLayer"}}
"""Layers of what functions read and do not import."""


@cache
def imported(path: Path) -> frozenset[str]:
    """Every module that a file imports, whenever it does; not what is for type checkers alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node not in for_types:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node not in for_types:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def files_of(module: str) -> Iterator[Path]:
    """The files that importing a module of ours runs: its own, and those of the packages that it is in."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        at = CORE.joinpath(*parts[:depth])
        yield from (path for path in (at.with_suffix(".py"), at / "__init__.py") if path.exists())


def packages(start: Path) -> set[str]:
    """Every top-level package, not ours, that comes with importing a file."""
    seen, fresh, found = {start}, [start], set[str]()
    while fresh:
        for module in imported(fresh.pop()):
            if module.partition(".")[0] == "lamina":
                new = set(files_of(module)) - seen
                seen |= new
                fresh += new
            else:
                found.add(module.partition(".")[0])
    return found


@cache
def layer_of() -> dict[str, str]:
    """The layer of each package, by the name that it is imported by."""
    locked = {
        name: layer
        for layer, lock in LOCKS.items()
        for name in re.findall(r"^([\w.-]+)==", (HERE / lock).read_text(encoding="utf-8"), re.MULTILINE)
    }
    return {
        module: locked[name.lower().replace("_", "-")]
        for module, names in packages_distributions().items()
        for name in names
        if name.lower().replace("_", "-") in locked
    }


def needed(function: Function) -> set[str]:
    """The layers that a function cannot do without."""
    path = ROOT / "functions" / f"{function.place}.py"
    assets = ASSETS.get(function.place, set())
    return EVERYWHERE | assets | {layer_of()[package] for package in packages(path) if package in layer_of()}


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.place)
def test_a_function_has_the_layers_that_it_needs_and_no_other(function: Function) -> None:
    stack = template(function.stack)
    listed = [
        *stack["Globals"]["Function"]["Layers"],
        *stack["Resources"][function.name]["Properties"].get("Layers", []),
    ]
    assert {layer["Ref"] for layer in listed} == needed(function)
