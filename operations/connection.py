"""Connects this process to a deployed stack, to access its data like a function, with the operator's credentials."""

import os
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import NoReturn

import boto3

MODEL = "Identity/RegisterFunction"
"""The function whose settings this process uses by default."""
NESTED = "AWS::CloudFormation::Stack"
CORE = Path(__file__).resolve().parent.parent / "layers" / "core"


def connect(stack: str, model: str = MODEL) -> None:
    """Apply the settings of a stack, so that `lamina` can be imported and works on its data.

    Args:
        stack: its name.
        model: the function that has the settings; one of a nested stack as a path (`Async/PublishChangesFunction`).
    """
    function = boto3.client("lambda").get_function_configuration(FunctionName=physical_id(stack, model))
    os.environ.update(function["Environment"]["Variables"])
    sys.path.insert(0, str(CORE))


def physical_id(stack: str, path: str) -> str:
    """Return the name of a resource by its logical id or, within nested stacks, the path of logical ids."""
    cloudformation = boto3.client("cloudformation")

    def inside(outer: str, logical: str) -> str:
        found = cloudformation.describe_stack_resource(StackName=outer, LogicalResourceId=logical)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    return reduce(inside, path.split("/"), stack)


def nested_stacks(stack: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every nested stack, at any depth: its logical id and its outputs."""
    cloudformation = boto3.client("cloudformation")
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == NESTED:
                inner = resource["PhysicalResourceId"]
                outputs = cloudformation.describe_stacks(StackName=inner)["Stacks"][0].get("Outputs", [])
                yield (
                    resource["LogicalResourceId"],
                    {output["OutputKey"]: output["OutputValue"] for output in outputs},
                )
                yield from nested_stacks(inner)


def give_up(message: str) -> NoReturn:
    """End the process with one line."""
    sys.exit(f"stopped: {message}")
