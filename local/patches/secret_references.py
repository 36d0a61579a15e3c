"""`Ref` of a secret is its ARN.

MiniStack's is its name, so that a policy that allows `!Ref Secret` allows nothing. CloudFormation's is the ARN
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html#aws-resource-secretsmanager-secret-return-values).
"""

from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105  a resource type


def apply() -> None:
    """Return a secret's ARN as its physical id."""
    handler = provisioners._RESOURCE_HANDLERS[SECRET]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def create_by_arn(*arguments: Any, **named: Any) -> tuple[str, dict[str, Any]]:
        _, attributes = create(*arguments, **named)
        return attributes["Id"], attributes

    def update_by_arn(physical_id: str, *arguments: Any, **named: Any) -> tuple[str, dict[str, Any]]:
        _, attributes = update(_name(physical_id), *arguments, **named)
        return attributes["Id"], attributes

    def delete_by_arn(physical_id: str, properties: dict[str, Any]) -> None:
        delete(_name(physical_id), properties)

    handler.update(create=create_by_arn, update=update_by_arn, delete=delete_by_arn)


def _name(physical_id: str) -> str:
    name, _ = secretsmanager._resolve(physical_id)
    return name or physical_id
