"""Reads the deployed stack from CloudFormation in the local AWS. All functions block: call them in a thread."""

import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.account import Account
from local.sam import BUCKET
from local.settings import MAIL_FROM, REGION, STACK_NAME

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STAGE = "live"
SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
NESTED = "AWS::CloudFormation::Stack"
FAILED = ("CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED")


@dataclass(frozen=True)
class Stack:
    """A deployed stack: the ids of its APIs, and physical ids by logical path (`Users`, `Async/Publish`)."""

    api_id: str
    socket_api_id: str | None = None
    resources: dict[str, str] = field(default_factory=dict)

    @cached_property
    def logical(self) -> dict[str, str]:
        """Logical paths by physical id."""
        return {physical: name for name, physical in self.resources.items()}


@cache
def client(service: Any, account: Account) -> Any:  # noqa: ANN401  boto3's own types differ by service
    """Return a boto3 client of a local AWS."""
    session = boto3.Session(
        aws_access_key_id=account.access_key_id,
        aws_secret_access_key=account.secret_access_key,
        region_name=REGION,
    )
    config = Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"})
    return session.client(service, endpoint_url=account.endpoint, config=config)


def prepare(account: Account) -> None:
    """Prepare the account for `sam deploy`: create its bucket and mail sender, delete a stack whose creation failed."""
    client("s3", account).create_bucket(Bucket=BUCKET)
    client("ses", account).verify_email_identity(EmailAddress=MAIL_FROM)
    if _status(account) in {"ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED"}:
        cloudformation: CloudFormationClient = client("cloudformation", account)
        cloudformation.delete_stack(StackName=STACK_NAME)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )


def find(account: Account) -> Stack | None:
    """Return the stack, or None if it is not deployed or its API does not exist."""
    if _status(account) not in SETTLED:
        return None
    cloudformation: CloudFormationClient = client("cloudformation", account)
    outputs = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0].get("Outputs", [])
    values = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    api_id = values.get("ApiId")
    if api_id is None or not _api_exists(api_id, account):
        return None
    return Stack(api_id, values.get("SocketApiId"), dict(_resources(cloudformation, STACK_NAME, "")))


def payment_secret(stack: Stack, account: Account) -> str | None:
    """Return the secret that signs notifications of payments; None while the local AWS does not respond."""
    try:
        found = client("secretsmanager", account).get_secret_value(SecretId=stack.resources["Data/PaymentSecret"])
    except (BotoCoreError, ClientError):
        return None
    return str(json.loads(found["SecretString"])["webhook_secret"])


def failure(account: Account) -> str | None:
    """Return which resource failed in the last operation and why, or None."""
    cloudformation: CloudFormationClient = client("cloudformation", account)
    try:
        events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    except ClientError:
        return None
    failed = [event for event in events if event.get("ResourceStatus") in FAILED]
    told = [event for event in failed if "cancelled" not in event.get("ResourceStatusReason", "").lower()]
    if not told:
        return None
    first = told[-1]
    return f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason', 'no reason given')}"


def _status(account: Account) -> str:
    try:
        return str(client("cloudformation", account).describe_stacks(StackName=STACK_NAME)["Stacks"][0]["StackStatus"])
    except ClientError:
        return "ABSENT"


def _api_exists(api_id: str, account: Account) -> bool:
    try:
        client("apigateway", account).get_stage(restApiId=api_id, stageName=STAGE)
    except ClientError:
        return False
    return True


def _resources(cloudformation: "CloudFormationClient", stack: str, prefix: str) -> list[tuple[str, str]]:
    found = []
    for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
        logical, physical = prefix + resource["LogicalResourceId"], resource.get("PhysicalResourceId", "")
        found.append((logical, physical))
        if resource["ResourceType"] == NESTED and physical:
            found += _resources(cloudformation, physical, f"{logical}/")
    return found
