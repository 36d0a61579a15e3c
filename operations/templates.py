"""Reads templates without SAM, and finds their faults: fast, and with file and line."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml, if available: 0.1 s for all templates instead of 2 s."""
TYPE = "Type"
PUBLIC: list[dict[str, list[str]]] = [{"NONE": []}]
"""The security of an operation without an authorizer (SAM specification, "ApiFunctionAuth")."""


class _Loader(LOADER):  # type: ignore[misc, valid-type]  # one of the two above
    """Reads the short forms too, such as `!Ref`."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def read_template(path: Path) -> Any:  # noqa: ANN401 (YAML)
    """Return a template as SAM reads it, with `!Ref` and the like as mappings, in a tenth of SAM's time."""
    return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader)


def is_template(path: Path, root: Path) -> bool:
    """Whether a file is one of the templates of a checkout."""
    return path.suffix == ".yaml" and path.parent in {root, root / "stacks"}


def templates(root: Path) -> Iterator[Path]:
    """Every template of a checkout, the root one first."""
    yield root / "template.yaml"
    yield from sorted(root.glob("stacks/*.yaml"))


class Route(NamedTuple):
    """An operation of the API.

    Attributes:
        path: with its parameters, `/v1/users/{user_id}`.
        method: as in the definition body: in lower case, or API Gateway's extension for any method.
        stack: logical id of the nested stack that has its function.
        function: logical id of the function there.
        authorized: whether the authorizer runs before the function.
    """

    path: str
    method: str
    stack: str
    function: str
    authorized: bool


def routes(root: Path) -> Iterator[Route]:
    """Yield the operations of the API that the root template of a checkout defines, in its order."""
    resources = read_template(root / "template.yaml")["Resources"]
    outputs: dict[str, Any] = {}
    for path, operations in resources["Api"]["Properties"]["DefinitionBody"]["paths"].items():
        for method, operation in operations.items():
            stack, output = operation["x-amazon-apigateway-integration"]["uri"]["Fn::GetAtt"]
            if stack not in outputs:
                outputs[stack] = read_template(root / resources[stack]["Properties"]["Location"])["Outputs"]
            uri = outputs[stack][output.removeprefix("Outputs.")]["Value"]["Fn::Sub"]
            (function,) = re.findall(r"\$\{(\w+)\.Alias\}", uri)
            yield Route(path, method, stack, function, operation.get("security") != PUBLIC)


def fault(path: Path, root: Path) -> str | None:
    """Return the first fault of a template, as `file:line: what`: no YAML, or a resource without a type."""
    name = path.relative_to(root)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return f"{name}:1: {error}"
    try:
        document = yaml.compose(text, Loader=LOADER)
        return next((f"{name}:{line}: {what}" for line, what in _untyped(document)), None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.count("\n")) + 1 if mark else 1
        begun = error.context_mark.line + 1 if error.context_mark else line
        where = f" ({error.context} that starts in line {begun})" if begun != line else ""
        return f"{name}:{line}: {error.problem}{where}"
    except yaml.YAMLError as error:
        return f"{name}:1: {error}"


def _untyped(document: yaml.Node | None) -> Iterator[tuple[int, str]]:
    resources = _entries(document).get("Resources")
    for logical, (line, resource) in _lines(resources).items():
        entries = _entries(resource)
        if TYPE in entries or any(key.startswith("Fn::") for key in entries) or logical.startswith("Fn::"):
            continue
        near = get_close_matches(TYPE, entries, 1)
        meant = f"; is {near[0]!r} meant?" if near else ""
        yield _lines(resource)[near[0]][0] if near else line, f"the resource {logical} has no {TYPE!r}{meant}"


def _entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    return {key: value for key, (_, value) in _lines(node).items()}


def _lines(node: yaml.Node | None) -> dict[str, tuple[int, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(key.value): (key.start_mark.line + 1, value) for key, value in node.value}
