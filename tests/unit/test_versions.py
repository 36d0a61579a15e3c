"""What a deploy changes is what callers get: the alias `live` moves whenever anything of a function changes.

SAM makes a new version of a function only when its own properties are written differently. A new layer behind the same
name, or a new value of the same parameter, would leave callers with the old version, and nobody would be told.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.templates import STACKS, Function, expanded, functions, nested, template

pytestmark = pytest.mark.exhaustive  # SAM expands the template for each.

ROOT = STACKS[0]


def versions(uploaded: dict[str, str]) -> set[str]:
    """The logical ids of the versions of endpoints that a deploy makes; `uploaded` as for `expanded`."""
    return {
        name
        for stack in {function.stack for function in functions() if function.routes}
        for name, resource in expanded(stack, uploaded)["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Version"
    }


def test_new_code_of_one_resource_makes_new_versions_of_its_functions_alone() -> None:
    before, after = versions({}), versions({"../functions/users": "another"})
    changed = {function.name for function in functions() if function.place.startswith("users/")}
    assert {name.partition("Version")[0] for name in before - after} == changed


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_a_version_is_described_by_what_the_parameters_say(function: Function) -> None:
    described = template(function.stack)["Resources"][function.name]["Properties"]["VersionDescription"]
    assert described == {"Ref": "Configuration"}
    # Otherwise CloudFormation fails where the description changes and the function does not: "A version for this Lambda
    # function exists. Modify the function to create a new version."
    assert template(function.stack)["Globals"]["Function"]["Description"] == described


STACKS_WITH_FUNCTIONS = sorted({function.stack for function in functions()})


def passed(stack: Path) -> Mapping[str, Any]:
    """What the root template passes to a stack."""
    name = next(name for name, child in nested(ROOT).items() if child == stack)
    parameters: Mapping[str, Any] = template(ROOT)["Resources"][name]["Properties"]["Parameters"]
    return parameters


@pytest.mark.parametrize("stack", STACKS_WITH_FUNCTIONS, ids=lambda stack: stack.stem)
def test_the_description_of_a_version_holds_the_layers(stack: Path) -> None:
    layers = {name for name in passed(stack) if name.endswith("Layer")}
    text, named = passed(stack)["Configuration"]["Fn::Sub"]
    said = [version_of(each) for name, each in named.items() if f"${{{name}}}" in text]
    assert layers
    assert layers <= set(said)


def version_of(selected: Mapping[str, Any]) -> str:
    """The layer whose version a part of the description is (Lambda developer guide, "Layer version ARN")."""
    index, split = selected["Fn::Select"]
    separator, layer = split["Fn::Split"]
    arn = "arn:aws:lambda:eu-central-1:123456789012:layer:CoreLayer:12"
    assert arn.split(separator)[index] == "12"
    return str(layer["Ref"])


@pytest.mark.parametrize("stack", STACKS_WITH_FUNCTIONS, ids=lambda stack: stack.stem)
def test_the_description_of_a_version_holds_every_parameter_that_functions_read(stack: Path) -> None:
    variables = template(stack)["Globals"]["Function"].get("Environment", {}).get("Variables", {}).values()
    parameters = {passed(stack)[value["Ref"]].get("Ref") for value in variables if value.get("Ref") in passed(stack)}
    text, _ = passed(stack)["Configuration"]["Fn::Sub"]
    of_data = template(ROOT)["Resources"]["Data"]["Properties"]["Parameters"]["Configuration"]["Fn::Sub"]
    said = set(text.replace("${Data.Outputs.Configuration}", of_data).split())
    assert {f"${{{name}}}" for name in parameters if name} <= said
