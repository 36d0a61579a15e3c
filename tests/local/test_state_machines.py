"""State machines on the local AWS: failures have names, as on AWS. See `test_patches.py` for when a patch can go."""

import json
from collections.abc import Iterator

import pytest

from tests.local.ministack import ROLE_ARN, MiniStack, eventually

pytestmark = pytest.mark.xdist_group("mends")

FAILING = """
class Declined(Exception):
    pass

class Busy(Exception):
    pass

def handler(event, context):
    if event["fails"] == "always":
        raise Declined("no")
    if event["attempt"] < 2:
        raise Busy("later")
    return event["attempt"]
"""


@pytest.fixture(scope="module", params=["plain", "mended"])
def aws(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    ministack = MiniStack(tmp_path_factory.mktemp("states"), mended=request.param == "mended")
    yield ministack
    ministack.kill()


def execute(aws: MiniStack, name: str, fails: str) -> tuple[str, object]:
    """Run a state machine of one task, which retries `Busy` and catches `Declined`; its status and output."""
    task = {
        "Type": "Task",
        "Resource": aws.function(name, FAILING),
        "Parameters": {"fails.$": "$.fails", "attempt.$": "$$.State.RetryCount"},
        "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}],
        "Catch": [{"ErrorEquals": ["Declined"], "Next": "Compensated"}],
        "End": True,
    }
    definition = {
        "StartAt": "Try",
        "States": {"Try": task, "Compensated": {"Type": "Pass", "Result": "compensated", "End": True}},
    }
    states = aws.client("stepfunctions")
    machine = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE_ARN)
    started = states.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps({"fails": fails}))
    eventually(
        lambda: states.describe_execution(executionArn=started["executionArn"])["status"] != "RUNNING", "it ends"
    )
    ended = states.describe_execution(executionArn=started["executionArn"])
    return ended["status"], json.loads(ended.get("output") or "null")


def test_failures_are_retried_and_caught_by_name_once_mended(aws: MiniStack) -> None:
    caught, retried = execute(aws, "catching", "always"), execute(aws, "retrying", "twice")
    if aws.mended:
        assert (caught, retried) == (("SUCCEEDED", "compensated"), ("SUCCEEDED", 2))
    else:
        assert (caught[0], retried[0]) == ("FAILED", "FAILED")
