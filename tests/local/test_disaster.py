"""`docs/disaster.md` on a local stack of its own: its commands run from top to bottom, as an operator copies them."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.account import Account
from local.seed.connection import find
from local.settings import REGION, STACK_NAME
from local.stack import client
from tests.e2e.client import Client
from tests.e2e.conftest import register
from tests.support import aws_cli
from tests.support.make import outside_make
from tests.support.stack import ROOT, RunningStack, start

pytestmark = pytest.mark.xdist_group("local")

PAGE = ROOT / "docs" / "disaster.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
ONLY_ON_AWS = "# only on AWS"
PASSWORD = "Correct-horse-9"
PLACEHOLDERS = (
    "BACKUP",
    "FUNCTION",
    "STREAM",
    "MAPPING",
    "TABLE",
    "TABLE_ARN",
    "BUCKET",
    "PREFIX",
    "KEY_OF_OTHER_REGION",
)
CHECKING = 'make() { command make --dry-run "$@"; }\n'
"""Commands of `make` are only printed, which fails if there is no such command."""


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    with start() as running:
        running.wait_for("ready", seconds=600.0)
        yield running


class Operator:
    """A shell with the credentials of the local AWS, the project's `make`, and `aws`."""

    def __init__(self, stack: RunningStack, folder: Path) -> None:
        _, described = find(str(stack.port))
        account = Account.of(described)
        self.resources: dict[str, str] = described["resources"]
        aws_cli.install(folder)
        others = {name: text for name, text in outside_make().items() if not name.startswith("AWS_")}
        self.environment = {
            **others,
            **account.variables,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": account.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "STACK": STACK_NAME,
            "TMPDIR": str(folder),
        }
        self.dynamodb, self.kms = client("dynamodb", account), client("kms", account)

    def run(self, script: str, **variables: str) -> str:
        """Return what a script prints; it must succeed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def operator(stack: RunningStack, tmp_path: Path) -> Operator:
    return Operator(stack, tmp_path)


def test_the_commands_that_need_aws_exist_with_their_options(tmp_path: Path) -> None:
    aws_cli.install(tmp_path)
    blocks = [block for block in BLOCKS if block.startswith(ONLY_ON_AWS)]
    assert len(blocks) == 5
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", CHECKING + block],
            cwd=ROOT,
            env={
                **outside_make(),
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "AWS_CLI_CHECK": "1",
                **dict.fromkeys(PLACEHOLDERS, "x"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        assert "checked" in done.stdout or "STREAM=" in block


@pytest.mark.long
def test_the_page_is_run_from_top_to_bottom(stack: RunningStack, operator: Operator) -> None:
    anyone = Client(stack.port, set())
    user = register(anyone)
    me = anyone.signed_in(user["email"], PASSWORD)
    made = me.post("/v1/api-keys", {"name": "Leaked", "scopes": ["read"]}, headers={"Idempotency-Key": "leaked"})
    key = made.data["key"]
    dynamodb, kms, table = operator.dynamodb, operator.kms, operator.resources["Data/Table"]
    lost = {"pk": {"S": f"USERNAME#{user['username']}"}, "sk": {"S": "GUARD"}}
    kms_key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=kms_key, PendingWindowInDays=7)

    script = "".join(block for block in BLOCKS if not block.startswith(ONLY_ON_AWS))
    # The guard is lost after the backup and before it is copied back.
    damage = f"aws dynamodb delete-item --table-name \"$TABLE\" --key '{json_of(lost)}' >/dev/null\n"
    before_copy = 'make copy-table FROM="$TABLE-before" PREFIX="USER#"'
    assert before_copy in script
    printed = operator.run(script.replace(before_copy, damage + before_copy), KEY=kms_key, FOUND=key)

    assert "result:   good: 0 invariants violated" in printed
    assert re.search(r"^[1-9][\d,]* items copied; [\d,]+ existed already", printed, re.MULTILINE)
    assert dynamodb.get_item(TableName=table, Key=lost).get("Item"), "the guard was not copied back"
    assert dynamodb.list_tables()["TableNames"] == [table]
    assert dynamodb.list_backups()["BackupSummaries"] == []
    assert kms.describe_key(KeyId=kms_key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert "tokens of all other keys are rejected then" in printed
    assert "is revoked; it was created" in printed
    refused = Client(stack.port, set()).get("/v1/users/me", headers={"X-API-Key": key})
    assert refused.status == 401
    ring = dynamodb.get_item(TableName=table, Key={"pk": {"S": "CONFIG#SIGNING"}, "sk": {"S": "KEY_RING"}})["Item"]
    assert ring["keys"]["S"].count('"id"') == 1


def json_of(key: dict[str, dict[str, str]]) -> str:
    """Return a key as the shell passes it."""
    return str(key).replace("'", '"')
