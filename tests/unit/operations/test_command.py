"""The commands for a deployed stack: where they look for it, and what they say where they do not get to it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    NoCredentialsError,
    NoRegionError,
    TokenRetrievalError,
)

from lamina.errors import Conflict
from operations import command, configuration
from tests.support.make import outside_make

ROOT = Path(__file__).resolve().parents[3]
CONFIGURED = """version = 0.1
[default.global.parameters]
stack_name = "billing"
region = "eu-central-1"
[staging.global.parameters]
region = "eu-north-1"
"""


@pytest.fixture(autouse=True)
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody has deployed, and nothing in the environment names a region."""
    file = tmp_path / "samconfig.toml"
    file.write_text(CONFIGURED, encoding="utf-8")
    monkeypatch.setattr(configuration, "FILE", file)
    for name in command.REGION_VARIABLES:
        monkeypatch.delenv(name)


def parsed(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[str, str]:
    monkeypatch.setattr(sys, "argv", ["-m", *arguments])
    given = command.parse(command.parser("redrive", None))
    assert os.environ["AWS_DEFAULT_REGION"] == os.environ["AWS_REGION"] == given.region
    return given.stack, given.region


def test_a_command_works_where_make_deploy_has_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsed(monkeypatch) == ("billing", "eu-central-1")


def test_another_environment_of_the_configuration_is_another_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsed(monkeypatch, "--config-env", "staging") == ("lamina", "eu-north-1")


@pytest.mark.parametrize("name", command.REGION_VARIABLES)
def test_the_environment_overrides_the_configuration(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "ap-south-1")
    assert parsed(monkeypatch, "--stack", "other") == ("other", "ap-south-1")


def test_an_argument_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    assert parsed(monkeypatch, "--region", "sa-east-1") == ("billing", "sa-east-1")


def refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (NoRegionError(), "AWS_REGION="),
        (NoCredentialsError(), "aws configure"),
        (TokenRetrievalError(provider="sso", error_msg="expired"), "aws sso login"),
        (refused("ExpiredToken", "The security token included in the request is expired"), "aws sso login"),
        (
            refused("ValidationError", "Stack 'x' does not exist"),
            "stack 'x' does not exist in eu-west-1: deploy it with",
        ),
    ],
)
def test_where_aws_refuses_the_message_says_what_to_do(error: BotoCoreError | ClientError, advice: str) -> None:
    with pytest.raises(SystemExit) as ended, command.explained("x", "eu-west-1"):
        raise error
    assert advice in str(ended.value.code)
    assert "\n" not in str(ended.value.code)


def _refused(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Query")


@pytest.mark.parametrize(
    "error",
    [
        Conflict(),
        ConnectionClosedError(endpoint_url="http://127.0.0.1:1"),
        _refused("InternalServerError", 500),
        _refused("ThrottlingException", 400),
    ],
)
def test_work_is_repeated_after_a_failure_that_passes(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "WAITS", (0.0, 0.0))
    outcomes: list[Exception | None] = [error, error, None]

    def work() -> str:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome
        return "done"

    assert command.repeated(work) == "done"
    assert capsys.readouterr().err.count("repeating in 0 s") == 2


@pytest.mark.parametrize("error", [_refused("AccessDeniedException", 400), NoCredentialsError(), KeyError("a fault")])
def test_work_is_not_repeated_after_a_failure_that_stays(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "WAITS", (0.0, 0.0))
    calls: list[Exception] = []

    def work() -> None:
        calls.append(error)
        raise error

    with pytest.raises(type(error)):
        command.repeated(work)
    assert calls == [error]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("redrive", "QUEUE is missing: make redrive QUEUE=…, one of activities, close-sockets, deliveries, dispatch,"),
        ("admin", "EMAIL is missing: make admin EMAIL="),
        ("redrive QUEUE=mail", "no AWS credentials"),
        ("admin EMAIL=a@example.com", "no AWS credentials"),
        ("replay", "no AWS credentials"),
        ("reindex", "no AWS credentials"),
        ("rotate-signing-key", "no AWS credentials"),
        ("migrate DRY_RUN=1", "no AWS credentials"),
        ("backup", "no AWS credentials"),
        ("restore-drill", "no AWS credentials"),
        ("export", "SUBJECT is missing: make export SUBJECT=…, one of users, posts, products, orders"),
        ("export SUBJECT=users", "no AWS credentials"),
        ("copy-table", "FROM is missing: make copy-table FROM=table"),
        ("copy-table FROM=other", "no AWS credentials"),
        ("revoke-api-key", "no key: make revoke-api-key < file"),
    ],
)
def test_a_command_without_what_it_takes_names_that(line: str, said: str) -> None:
    inherited = {name: value for name, value in outside_make().items() if not name.startswith("AWS_")}
    nobody = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "eu-central-1",
    }
    done = subprocess.run(
        ["make", "--silent", *line.split(), "SETUP=true"],
        cwd=ROOT,
        env={**inherited, **nobody},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.startswith(f"stopped: {said}")
