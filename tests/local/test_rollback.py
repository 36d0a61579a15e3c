"""`make rollback` on a local stack of its own: the stack is what it was before the last deployment."""

import os
import subprocess
import sys
from collections.abc import Iterator

import boto3
import pytest

from local.account import Account
from local.settings import REGION, STACK_NAME
from local.stack import client
from operations.releases import current, kept, previous
from tests.support.stack import ROOT, RunningStack, look, start

pytestmark = pytest.mark.xdist_group("local")
PARAMETER, VARIABLE = "ActivityDays", "LAMINA_ACTIVITY_DAYS"


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    with start() as running:
        running.wait_for("ready")
        yield running


@pytest.fixture
def account(stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The account of the stack, for commands that use the operator's."""
    found = Account.of(look(f"{stack.url}/_local/stack"))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {**found.variables, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": found.endpoint}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it has the credentials of before
    return found


def update(account: Account, value: str) -> None:
    """Deploy the stack with another value of a parameter, as `make deploy` does around `sam deploy`."""
    cloudformation = client("cloudformation", account)
    parameters = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["Parameters"]
    others = [each["ParameterKey"] for each in parameters if each["ParameterKey"] != PARAMETER]
    with kept(STACK_NAME):
        cloudformation.update_stack(
            StackName=STACK_NAME,
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": PARAMETER, "ParameterValue": value},
                *({"ParameterKey": name, "UsePreviousValue": True} for name in others),
            ],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        cloudformation.get_waiter("stack_update_complete").wait(StackName=STACK_NAME, WaiterConfig={"Delay": 1})


def days(stack: RunningStack, account: Account) -> str:
    """The setting of an endpoint, as its callers get it."""
    name = look(f"{stack.url}/_local/stack")["resources"]["Users/ListActivitiesFunction"]
    found = client("lambda", account).get_function_configuration(FunctionName=name, Qualifier="live")
    return str(found["Environment"]["Variables"][VARIABLE])


def roll_back(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "operations.rollback", "--stack", STACK_NAME, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_a_rollback_restores_what_was_deployed_before_and_a_second_one_goes_forward(
    stack: RunningStack, account: Account
) -> None:
    first = roll_back()
    assert "no previous release" in first.stderr
    before = days(stack, account)
    update(account, "30")
    assert days(stack, account) == "30"

    tried = roll_back("--dry-run")
    assert "previous release of" in tried.stdout, tried.stderr
    assert days(stack, account) == "30"

    done = roll_back()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rolled back" in done.stdout
    assert days(stack, account) == before
    assert look(f"{stack.url}/health")["data"]["status"] == "ok"

    again = roll_back()
    assert again.returncode == 0, again.stdout + again.stderr
    assert days(stack, account) == "30"


@pytest.mark.usefixtures("account")
def test_a_deployment_that_changes_nothing_keeps_the_release_to_go_back_to() -> None:
    former = previous(STACK_NAME)
    with kept(STACK_NAME):
        assert previous(STACK_NAME) == current(STACK_NAME)
    assert previous(STACK_NAME) == former
