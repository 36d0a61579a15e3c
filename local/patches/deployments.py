"""CodeDeploy's resources are accepted, and do nothing.

MiniStack has no CodeDeploy: a stack that SAM gives a `DeploymentPreference` is rolled back with "Unsupported resource
type". On AWS, an alias moves to a new version step by step (CloudFormation user guide, "UpdatePolicy attribute",
`CodeDeployLambdaAliasUpdate`); here, it moves at once.
"""

from typing import Any

from ministack.services.cloudformation import provisioners

TYPES = ("AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup")


def apply() -> None:
    """Accept the resources."""
    for kind in TYPES:
        provisioners._RESOURCE_HANDLERS.setdefault(kind, {"create": _create, "delete": _delete})


def _create(logical_id: str, _: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
    return f"{stack_name}-{logical_id}", {}


def _delete(*_: object) -> None:
    """There is nothing to delete."""
