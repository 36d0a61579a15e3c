"""What AWS refuses and the local AWS does not: the templates stay within it. `docs/aws-differences.md` has sources."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.templates import ROOT, STACKS, Function, expanded, functions, template

pytestmark = pytest.mark.exhaustive  # SAM expands every template.

PAGE = ROOT / "docs" / "aws-differences.md"
LONGEST_ARN = 200
"""What stands for a value that only AWS knows: longer than any ARN of ours."""
RESERVED = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}  # fmt: skip

FUNCTIONS = pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
STACK = pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)


def properties(function: Function) -> Mapping[str, Any]:
    """What a function's template says of it, with what it says of all."""
    common = template(function.stack)["Globals"]["Function"]
    own = template(function.stack)["Resources"][function.name]["Properties"]
    return {**common, **own, "Layers": [*common["Layers"], *own.get("Layers", [])]}


def variables(function: Function) -> dict[str, Any]:
    """The environment of a function, as its template says."""
    common = template(function.stack)["Globals"]["Function"].get("Environment", {}).get("Variables", {})
    own = template(function.stack)["Resources"][function.name]["Properties"].get("Environment", {})
    return {**common, **own.get("Variables", {})}


def longest(value: Any) -> int:
    """How long a value can get."""
    if not isinstance(value, dict):
        return len(str(value))
    known = template(STACKS[0])["Parameters"].get(value.get("Ref", ""), {})
    if known.get("Type") == "Number":
        return len("4294967295")
    return int(known.get("MaxLength", LONGEST_ARN))


@FUNCTIONS
def test_the_environment_of_a_function_takes_4_kb_at_most_whatever_the_parameters_are(function: Function) -> None:
    assert sum(len(name) + longest(value) for name, value in variables(function).items()) <= 4096


@FUNCTIONS
def test_no_variable_has_a_name_that_lambda_keeps_for_itself(function: Function) -> None:
    names = variables(function).keys()
    assert not names & RESERVED
    assert all(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]+", name) for name in names)


@FUNCTIONS
def test_a_function_has_five_layers_at_most(function: Function) -> None:
    assert len(properties(function)["Layers"]) <= 5


@FUNCTIONS
def test_a_function_of_the_api_ends_before_api_gateway_stops_waiting(function: Function) -> None:
    assert properties(function)["Timeout"] <= (29 if function.routes else 900)


def mappings() -> Iterator[Any]:
    """Parameters of a test: each event source mapping."""
    for function in functions():
        for name, event in properties(function).get("Events", {}).items():
            if event["Type"] in ("DynamoDB", "SQS"):
                yield pytest.param(event["Properties"], id=f"{function.name} {name}")


@pytest.mark.parametrize("mapping", list(mappings()))
def test_a_mapping_has_five_filters_at_most_each_of_4096_characters_of_json(mapping: Mapping[str, Any]) -> None:
    filters = mapping.get("FilterCriteria", {}).get("Filters", [])
    assert len(filters) <= 5
    for each in filters:
        assert isinstance(json.loads(each["Pattern"]), dict)
        assert len(each["Pattern"]) <= 4096


@FUNCTIONS
def test_a_queue_hides_a_message_six_times_as_long_as_its_consumer_may_take(function: Function) -> None:
    resources = template(function.stack)["Resources"]
    default = template(next(stack for stack in STACKS if stack.name == "queue.yaml"))["Parameters"]["VisibilitySeconds"]
    for event in properties(function).get("Events", {}).values():
        if event["Type"] == "SQS":
            queue = resources[event["Properties"]["Queue"]["Fn::GetAtt"][0]]["Properties"]["Parameters"]
            seconds = queue.get("VisibilitySeconds", default["Default"])
            assert seconds >= 6 * properties(function)["Timeout"]


def written(value: Any) -> str:
    """A policy as IAM counts it: without white space, and with what only AWS knows at its longest."""
    if isinstance(value, dict):
        if value.keys() & {"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::ImportValue"}:
            return "x" * LONGEST_ARN
        if "Fn::If" in value:
            return max(map(written, value["Fn::If"][1:]), key=len)
        return "{" + ",".join(f'"{name}":{written(each)}' for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


@STACK
def test_the_inline_policies_of_a_role_take_10240_characters_at_most(stack: Path) -> None:
    for name, resource in expanded(stack)["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            policies = resource["Properties"].get("Policies", [])
            assert sum(len(written(policy["PolicyDocument"])) for policy in policies) <= 10_240, name


@STACK
def test_the_policy_of_a_queue_takes_8192_bytes_at_most(stack: Path) -> None:
    for name, resource in template(stack)["Resources"].items():
        if resource["Type"] == "AWS::SQS::QueuePolicy":
            assert len(written(resource["Properties"]["PolicyDocument"])) <= 8192, name


def test_who_may_invoke_a_function_is_said_in_20_kb_at_most() -> None:
    said: dict[str, int] = {}
    for resource in expanded(STACKS[0])["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Permission":
            name = json.dumps(resource["Properties"]["FunctionName"])
            # Lambda adds an effect, an id and the names of IAM to each statement.
            said[name] = said.get(name, 0) + len(written(resource["Properties"])) + 200
    assert max(said.values()) <= 20_000


def test_the_api_has_300_resources_at_most() -> None:
    parts = {
        tuple(route.path.strip("/").split("/")[: depth + 1])
        for function in functions()
        for route in function.routes
        for depth in range(route.path.count("/"))
    }
    assert len(parts) <= 300


@STACK
def test_a_template_takes_1_mb_200_parameters_and_200_outputs_at_most(stack: Path) -> None:
    assert len(json.dumps(expanded(stack))) <= 1_000_000
    assert len(template(stack).get("Parameters", {})) <= 200
    assert len(template(stack).get("Outputs", {})) <= 200


def rows() -> list[list[str]]:
    """The rows of the page's tables, by cell."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in cells if row[0] not in ("rule", "---")]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_rule_has_its_source_and_is_held_by_something_that_is_there(row: list[str]) -> None:
    _, figure, source, held = row
    assert figure
    assert re.search(r"\]\(https://docs\.aws\.amazon\.com/[\w/.#-]+\)", source)
    named = re.findall(r"`((?:tests|local|layers|functions|stacks|template|setup|docs)[\w./-]*)(?:::(\w+))?`", held)
    assert named
    for path, test in named:
        assert (ROOT / path).exists(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), test
