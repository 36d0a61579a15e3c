"""What the templates must say of every function, queue, rule and schedule, because only AWS itself enforces it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.templates import STACKS, path_of, template


def resources(kind: str) -> Iterator[tuple[Any, str, Mapping[str, Any]]]:
    """Each resource of a type: its stack, its logical id and its properties."""
    for stack in STACKS:
        for name, resource in template(stack)["Resources"].items():
            if resource["Type"] == kind:
                yield stack, name, resource.get("Properties", {})


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html


def sends_to() -> dict[str, set[str]]:
    """The queues that each function may send to."""
    return {
        name: {
            path_of(resource, stack)
            for policy in function.get("Policies", [])
            for statement in policy["Statement"]
            if "sqs:SendMessage" in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }
        for stack, name, function in resources("AWS::Serverless::Function")
    }


def fires() -> dict[str, set[str]]:
    """The functions that each queue invokes."""
    fired: dict[str, set[str]] = {}
    for stack, name, function in resources("AWS::Serverless::Function"):
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                fired.setdefault(path_of(event["Properties"]["Queue"], stack), set()).add(name)
    return fired


def reached_from(function: str) -> set[str]:
    """Every function that follows from an invocation of one, through queues."""
    sent, fired, seen = sends_to(), fires(), set[str]()
    ahead = {function}
    while ahead:
        ahead = {after for name in ahead for queue in sent[name] for after in fired.get(queue, ())} - seen
        seen |= ahead
    return seen


def test_lambda_lets_exactly_those_functions_loop_that_reach_themselves_through_queues() -> None:
    looping = {name for name in sends_to() if name in reached_from(name)}
    allowed = {
        name for _, name, function in resources("AWS::Serverless::Function") if function.get("RecursiveLoop") == "Allow"
    }
    assert looping == {"DeliverWebhooksFunction", "SendMailFunction"}
    assert allowed == looping
