"""What the templates say, read for tests that compare it with the code."""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from operations.templates import read_template
from operations.templates import routes as read_routes

ROOT = Path(__file__).resolve().parents[2]
NO_VALUE = {"Ref": "AWS::NoValue"}
ANY, ANY_METHOD = "ANY", "x-amazon-apigateway-any-method"
STACKS = (ROOT / "template.yaml", *sorted((ROOT / "stacks").glob("*.yaml")))


@dataclass(frozen=True)
class Route:
    """One method of one path of the API, and whether the authorizer runs before it: says who asks, and counts."""

    method: str
    path: str
    authorized: bool


@dataclass(frozen=True)
class Function:
    """One Lambda function as its template describes it.

    Attributes:
        name: its logical id.
        stack: the template that it is in.
        module: where its handler is, `functions.users.get`.
        routes: what the API sends to it.
        statements: of its own role, as written.
    """

    name: str
    stack: Path
    module: str
    routes: tuple[Route, ...]
    statements: tuple[Mapping[str, Any], ...]

    @property
    def place(self) -> str:
        """Its folder and file, `users/get`: where its code and its sample event are."""
        return self.module.removeprefix("functions.").replace(".", "/")


@cache
def template(stack: Path) -> Mapping[str, Any]:
    """A template as written, with `!Ref` and its like as dictionaries."""
    parsed: Mapping[str, Any] = read_template(stack)
    return parsed


@cache
def functions() -> tuple[Function, ...]:
    """Every function of every stack."""
    return tuple(
        _function(stack, name, resource["Properties"])
        for stack in STACKS
        for name, resource in template(stack)["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    )


def _function(stack: Path, name: str, properties: Mapping[str, Any]) -> Function:
    folder = (stack.parent / properties["CodeUri"]).resolve().relative_to(ROOT)
    module = ".".join((*folder.parts, properties["Handler"].removesuffix(".handler")))
    statements = [statement for policy in properties.get("Policies", []) for statement in policy["Statement"]]
    return Function(name, stack, module, tuple(routes().get((stack, name), ())), tuple(statements))


@cache
def routes() -> Mapping[tuple[Path, str], Sequence[Route]]:
    """What the API sends to each function, by its stack and its logical id, in the order of the template."""
    found: dict[tuple[Path, str], list[Route]] = {}
    for route in read_routes(ROOT):
        method = ANY if route.method == ANY_METHOD else route.method.upper()
        at = nested(STACKS[0])[route.stack], route.function
        found.setdefault(at, []).append(Route(method, route.path, route.authorized))
    return found


def nested(stack: Path) -> dict[str, Path]:
    """Return the templates that a template nests, by the logical id of their stack."""
    return {
        name: (stack.parent / resource["Properties"]["Location"]).resolve()
        for name, resource in template(stack)["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Application"
    }


def path_of(reference: Mapping[str, Any], stack: Path, prefix: str = "") -> str:
    """Return the logical path (`Async/Mail/Queue`) of the resource that a `Ref` or `Fn::GetAtt` in a stack leads to.

    Outputs of nested stacks are followed; parameters are not, and are returned by their name.
    """
    written = reference.get("Ref", reference.get("Fn::GetAtt", ""))
    name, *attribute = (written if isinstance(written, str) else ".".join(written)).split(".")
    if name in nested(stack):
        child = nested(stack)[name]
        return path_of(template(child)["Outputs"][attribute[1]]["Value"], child, f"{prefix or _prefix(stack)}{name}/")
    return f"{prefix or _prefix(stack)}{name}"


def _prefix(stack: Path) -> str:
    """Return the logical path of a stack that is nested once: `Async/`."""
    return next((f"{name}/" for name, child in nested(STACKS[0]).items() if child == stack), "")


def evaluated(value: Any, stack: Path, parameters: Mapping[str, str]) -> Any:
    """Return a value of a template as CloudFormation evaluates it, by those of its functions that the templates use.

    A reference to anything but a parameter stays as it is; what is `AWS::NoValue` is left out.
    """
    known = {name: each.get("Default") for name, each in template(stack)["Parameters"].items()} | dict(parameters)

    def condition(name: str) -> bool:
        return bool(of(template(stack)["Conditions"][name]))

    functions: dict[str, Callable[[Any], Any]] = {
        "Ref": lambda name: known.get(name, {"Ref": name}),
        "Condition": condition,
        "Fn::If": lambda parts: of(parts[1] if condition(parts[0]) else parts[2]),
        "Fn::Not": lambda parts: not of(parts[0]),
        "Fn::And": lambda parts: all(map(of, parts)),
        "Fn::Or": lambda parts: any(map(of, parts)),
        "Fn::Equals": lambda parts: of(parts[0]) == of(parts[1]),
        "Fn::Join": lambda parts: parts[0].join(of(parts[1])),
        "Fn::Select": lambda parts: of(parts[1])[int(of(parts[0]))],
        "Fn::Split": lambda parts: of(parts[1]).split(parts[0]),
        "Fn::Sub": lambda text: re.sub(r"\$\{(\w+)\}", lambda found: str(known.get(found[1], found[0])), str(text)),
    }

    def of(value: Any) -> Any:
        if isinstance(value, list):
            return [each for each in map(of, value) if each != NO_VALUE]
        if not isinstance(value, dict):
            return value
        (name, argument), *more = value.items() or [("", None)]
        if not more and name in functions:
            return functions[name](argument)
        return {name: each for name, each in ((name, of(each)) for name, each in value.items()) if each != NO_VALUE}

    return of(value)


class _NoManagedPolicies:
    """What the transform asks for managed policies; it needs none of the account's."""

    def load(self) -> dict[str, str]:
        return {}


def expanded(stack: Path, uploaded: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A template as SAM's transform leaves it: with the resources that stand behind each function.

    `uploaded` says where `sam deploy` has put what it built, by source; each source has a place of its own without it.
    """
    from samtranslator.translator.transform import transform  # it takes half a second

    packaged = deepcopy(dict(template(stack)))
    for resource in packaged["Resources"].values():
        for name in resource.get("Properties", {}).keys() & {"CodeUri", "ContentUri", "Location"}:
            source = resource["Properties"][name]
            resource["Properties"][name] = f"s3://bucket/{(uploaded or {}).get(source, source)}"
    transformed: dict[str, Any] = transform(packaged, {}, _NoManagedPolicies())
    return transformed
