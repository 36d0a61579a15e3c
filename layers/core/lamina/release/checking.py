"""Checks the new version of a function for CodeDeploy, before it gets traffic.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config

from lamina.aws import CALLS
from lamina.observability.logs import logger
from lamina.observability.version_check import CHECK

if TYPE_CHECKING:
    from mypy_boto3_codedeploy.client import CodeDeployClient
    from mypy_boto3_lambda.client import LambdaClient

type Status = Literal["Succeeded", "Failed"]
SECONDS_TO_START = 60
"""How long a new version may take: its first start unpacks the layers."""


@dataclass(frozen=True)
class Target:
    """A version of a function that is to be released."""

    function: str
    version: str


def check(deployment_id: str, hook_id: str) -> Status:
    """Check the version that a deployment releases, and report the result to CodeDeploy.

    A failure of this function itself is no report: CodeDeploy then fails the deployment after an hour.

    Args:
        deployment_id: of CodeDeploy.
        hook_id: of the execution of the hook, by which CodeDeploy knows what the report is about.

    Returns:
        `Succeeded` or `Failed`, as reported.
    """
    deployment = _codedeploy().get_deployment(deploymentId=deployment_id)
    target = _target(deployment["deploymentInfo"]["revision"])
    status: Status = "Succeeded" if _starts(target) else "Failed"
    _codedeploy().put_lifecycle_event_hook_execution_status(
        deploymentId=deployment_id, lifecycleEventHookExecutionId=hook_id, status=status
    )
    return status


def _starts(target: Target) -> bool:
    """Return whether a version starts with valid settings."""
    response = _functions().invoke(
        FunctionName=target.function, Qualifier=target.version, Payload=json.dumps(CHECK).encode()
    )
    returned = json.loads(response["Payload"].read())
    starts = response.get("FunctionError") is None and returned == {"version": target.version}
    # The error itself is in the log of the version.
    logger.info("version checked", extra={"function": target.function, "version": target.version, "starts": starts})
    return starts


def _target(revision: Mapping[str, Any]) -> Target:
    """Return the version that the AppSpec of a deployment names (CodeDeploy user guide, "AppSpec 'resources' section").

    Raises:
        ValueError: if it does not name exactly one.
    """
    content = (revision.get("appSpecContent") or revision["string"])["content"]
    (resource,) = json.loads(content)["Resources"]
    (described,) = resource.values()
    properties = described["Properties"]
    return Target(properties["Name"], properties["TargetVersion"])


@cache
def _codedeploy() -> "CodeDeployClient":
    return boto3.client("codedeploy", config=CALLS)


@cache
def _functions() -> "LambdaClient":
    # One attempt: a second one would only hide that the version sometimes fails to start.
    patient = Config(read_timeout=SECONDS_TO_START, retries={"mode": "standard", "total_max_attempts": 1})
    return boto3.client("lambda", config=CALLS.merge(patient))
