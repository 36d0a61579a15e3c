"""What a deploy changes is what callers get: the alias `live` moves whenever anything of a function changes.

SAM makes a new version of a function only when its own properties are written differently. A new layer behind the same
name, or a new value of the same parameter, would leave callers with the old version, and nobody would be told.
"""

import pytest

from tests.support.templates import STACKS, Function, expanded, functions, template

pytestmark = pytest.mark.exhaustive  # SAM expands the template for each.

ROOT = STACKS[0]


def versions(uploaded: dict[str, str]) -> set[str]:
    """The logical ids of the versions of endpoints that a deploy makes; `uploaded` as for `expanded`."""
    resources = expanded(ROOT, uploaded)["Resources"]
    return {name for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Version"}


@pytest.mark.parametrize("layer", ["layers/core", "layers/runtime"])
def test_a_new_layer_makes_a_new_version_of_every_endpoint(layer: str) -> None:
    before = versions({})
    assert before
    assert not before & versions({layer: "another"})


def test_new_code_of_one_resource_makes_new_versions_of_its_functions_alone() -> None:
    before, after = versions({}), versions({"functions/users": "another"})
    changed = {function.name for function in functions() if function.place.startswith("users/")}
    assert {name.partition("Version")[0] for name in before - after} == changed


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_a_version_is_described_by_what_the_parameters_say(function: Function) -> None:
    described = template(function.stack)["Resources"][function.name]["Properties"]["VersionDescription"]
    is_endpoint = function.stack == ROOT
    assert described == ({"Fn::GetAtt": ["Data", "Outputs.Configuration"]} if is_endpoint else {"Ref": "Configuration"})


def test_the_description_of_a_nested_version_holds_the_layers() -> None:
    event = template(ROOT)["Resources"]["Async"]["Properties"]["Parameters"]["Configuration"]["Fn::Sub"]
    assert event[0].startswith("${Core} ${Runtime} ${Content} ${PublicUrl} ")
    assert [next(iter(value.values()))[1]["Fn::Split"][1] for value in event[1].values()] == [
        {"Ref": "CoreLayer"},
        {"Ref": "RuntimeLayer"},
        {"Ref": "ContentLayer"},
    ]


def test_the_description_of_a_version_holds_every_parameter_that_functions_read() -> None:
    variables = template(ROOT)["Globals"]["Function"]["Environment"]["Variables"].values()
    read = {value["Ref"] for value in variables if "Ref" in value}
    configuration = template(ROOT)["Resources"]["Data"]["Properties"]["Parameters"]["Configuration"]["Fn::Sub"]
    assert {f"${{{name}}}" for name in read} == set(configuration.split())
