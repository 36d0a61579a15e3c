"""What the stack was before the last deployment: kept in its bucket, and deployed again by `make rollback`.

A release is the root template as it was deployed, with its parameters. It names the code of every function and layer,
and every nested template, by objects that `sam deploy` never overwrites, so it can be deployed again as it is.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from operations.connection import physical_id

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudformation.literals import CapabilityType
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef

KEY = "releases/previous.json"
TEMPLATE_KEY = "releases/previous.template"
BUCKET, ROLLOUT = "Data/Files", "Rollout"
HIDDEN = "****"
"""The value of a parameter with `NoEcho` (API_Parameter): CloudFormation alone knows it."""
CAPABILITIES: "Sequence[CapabilityType]" = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Release:
    """What was deployed.

    Attributes:
        template: the root template, as it was deployed.
        parameters: values of its parameters, without those that CloudFormation hides.
        deployed_at: when, RFC 3339.
    """

    template: str
    parameters: dict[str, str]
    deployed_at: str

    def is_same(self, other: "Release | None") -> bool:
        """Return whether a deployment of the other one would change nothing, except how traffic moves."""
        if other is None:
            return False
        mine, theirs = ({**each.parameters, ROLLOUT: ""} for each in (self, other))
        return (self.template, mine) == (other.template, theirs)


def current(stack: str) -> Release | None:
    """Return what is deployed now; None if the stack does not exist."""
    cloudformation = boto3.client("cloudformation")
    found = _describe(cloudformation, stack)
    if found is None:
        return None
    body: Any = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    parameters = {
        each["ParameterKey"]: each["ParameterValue"]
        for each in found.get("Parameters", [])
        if each["ParameterValue"] != HIDDEN
    }
    at = found.get("LastUpdatedTime", found["CreationTime"])
    return Release(body if isinstance(body, str) else json.dumps(body), parameters, at.isoformat())


def remember(stack: str, release: Release | None) -> None:
    """Keep a release as the one to go back to; with None, there is none."""
    if release is None:
        boto3.client("s3").delete_object(Bucket=physical_id(stack, BUCKET), Key=KEY)
        return
    body = json.dumps(asdict(release)).encode()
    boto3.client("s3").put_object(Bucket=physical_id(stack, BUCKET), Key=KEY, Body=body)


def previous(stack: str) -> Release | None:
    """Return the release to go back to; None if there is none."""
    client = boto3.client("s3")
    try:
        found = client.get_object(Bucket=physical_id(stack, BUCKET), Key=KEY)
    except client.exceptions.NoSuchKey:
        return None
    return Release(**json.loads(found["Body"].read()))


@contextmanager
def kept(stack: str) -> Iterator[None]:
    """Keep what a stack is as the release to go back to, unless what is done meanwhile changes nothing.

    It is kept first, so that it is known even if this process dies while CloudFormation works.
    """
    before = current(stack)
    former = previous(stack) if before else None
    if before:
        remember(stack, before)
    try:
        yield
    finally:
        if before and before.is_same(current(stack)):
            remember(stack, former)


def deploy(stack: str, release: Release, overridden: dict[str, str]) -> Iterator[str]:
    """Deploy a release again, and yield what happens to the nested stacks.

    Args:
        stack: its name.
        release: what to deploy.
        overridden: parameters with other values than at that time.

    Raises:
        DeploymentError: if CloudFormation could not deploy it; the stack is then as it was before.
    """
    cloudformation, bucket = boto3.client("cloudformation"), physical_id(stack, BUCKET)
    # A template in a request may have 51,200 bytes (CloudFormation quotas); this one has more.
    boto3.client("s3").put_object(Bucket=bucket, Key=TEMPLATE_KEY, Body=release.template.encode())
    signed = boto3.client("s3").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": TEMPLATE_KEY})
    url = signed.partition("?")[0]
    begun = time.time()
    cloudformation.update_stack(
        StackName=stack,
        TemplateURL=url,
        Parameters=_parameters(cloudformation, url, {**release.parameters, **overridden}),
        Capabilities=CAPABILITIES,
    )
    yield from _progress(cloudformation, stack, begun)


class DeploymentError(RuntimeError):
    """CloudFormation did not deploy a release; the message says why."""


def _parameters(cloudformation: "CloudFormationClient", url: str, values: dict[str, str]) -> "list[ParameterTypeDef]":
    """Return the parameters that a template has; those without a value keep the one that the stack has."""
    summary = cloudformation.get_template_summary(TemplateURL=url)
    names = [each["ParameterKey"] for each in summary["Parameters"]]
    return [
        {"ParameterKey": name, "ParameterValue": values[name]}
        if name in values
        else {"ParameterKey": name, "UsePreviousValue": True}
        for name in names
    ]


def _progress(cloudformation: "CloudFormationClient", stack: str, begun: float) -> Iterator[str]:
    seen: set[str] = set()
    while True:
        found = _describe(cloudformation, stack)
        status = found["StackStatus"] if found else "DELETED"
        for event in reversed(cloudformation.describe_stack_events(StackName=stack)["StackEvents"]):
            is_new = event["EventId"] not in seen and event["Timestamp"].timestamp() >= begun - 1
            seen.add(event["EventId"])
            if is_new and event.get("ResourceType") == "AWS::CloudFormation::Stack":
                reason = event.get("ResourceStatusReason", "")
                yield f"{event['LogicalResourceId']}: {event['ResourceStatus']} {reason}".rstrip()
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(POLL_SECONDS)
    if status != "UPDATE_COMPLETE":
        raise DeploymentError(f"the stack is {status}: it is as it was before")


def _describe(cloudformation: "CloudFormationClient", stack: str) -> "StackTypeDef | None":
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
