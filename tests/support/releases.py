"""CodeDeploy and Lambda as the check of a new version sees them: servers on 127.0.0.1 that answer as on AWS."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from lamina.release import checking
from tests.support.receiver import Receiver, answer, receiver

FUNCTION, VERSION, DEPLOYMENT, HOOK = "lamina-Users-GetUserFunction-1", "7", "d-123", "eyJoIjoxfQ"
CODEDEPLOY = "/codedeploy"


def invocations(function: str = FUNCTION, version: str = VERSION) -> str:
    """Return the path of the invocations of a version (API_Invoke)."""
    return f"/2015-03-31/functions/{function}/invocations?Qualifier={version}"


def app_spec(function: str = FUNCTION, version: str = VERSION) -> str:
    """Return the AppSpec of a deployment of CloudFormation."""
    properties = {"Name": function, "Alias": "live", "CurrentVersion": "6", "TargetVersion": version}
    return json.dumps(
        {"version": 0.0, "Resources": [{function: {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
    )


def described(revision: dict[str, Any]) -> bytes:
    """Return CodeDeploy's description of a deployment (API_GetDeployment)."""
    return json.dumps({"deploymentInfo": {"deploymentId": DEPLOYMENT, "revision": revision}}).encode()


def codedeploy(revision: dict[str, Any]) -> Any:
    """Return the behaviour of CodeDeploy with one deployment."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        operation = request.headers["X-Amz-Target"].partition(".")[2]
        status = json.dumps({"lifecycleEventHookExecutionId": HOOK}).encode()
        answer(200, described(revision) if operation == "GetDeployment" else status)(request)

    return behave


def reported(server: Receiver) -> list[dict[str, str]]:
    """Return what CodeDeploy was told."""
    return [
        request.event
        for request in server.at(CODEDEPLOY)
        if request.headers["X-Amz-Target"].endswith(".PutLifecycleEventHookExecutionStatus")
    ]


@contextmanager
def deploying(revision: dict[str, Any] | None = None, *, lambda_url: str = "") -> Iterator[Receiver]:
    """A deployment that is under way.

    Args:
        revision: what it releases; by default, a version of a function that starts.
        lambda_url: address of another Lambda.
    """
    with receiver() as server, pytest.MonkeyPatch.context() as patched:
        server.behaviours[CODEDEPLOY] = codedeploy(
            revision or {"revisionType": "String", "string": {"content": app_spec()}}
        )
        server.behaviours[invocations()] = answer(200, json.dumps({"version": VERSION}).encode())
        patched.setenv("AWS_ENDPOINT_URL_CODEDEPLOY", server.url(CODEDEPLOY))
        patched.setenv("AWS_ENDPOINT_URL_LAMBDA", lambda_url or server.url(""))
        forget()
        yield server
    forget()


def forget() -> None:
    """Do as if the process were new."""
    checking._codedeploy.cache_clear()
    checking._functions.cache_clear()
