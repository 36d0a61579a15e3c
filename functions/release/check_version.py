"""CodeDeploy's hook before traffic moves: invoke the new version of a function, and report whether it starts."""

from collections.abc import Mapping
from typing import Any

from lamina.observability.tracing import traced
from lamina.release.checking import Status, check


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, Status]:
    """Return the status that CodeDeploy was told: with `Failed`, the alias stays at the version that it has."""
    return {"status": check(event["DeploymentId"], event["LifecycleEventHookExecutionId"])}
