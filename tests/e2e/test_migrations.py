"""`make migrate LOCAL=1` on the running stack, as a developer calls it."""

import os
import subprocess
import sys
from typing import Any

import pytest

from local.stack import client
from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, Inside
from tests.support.stack import ROOT, RunningStack

pytestmark = pytest.mark.xdist_group("stack")


def migrate(stack: RunningStack, *arguments: str) -> str:
    """Return what the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "local.migrate", "--rate", "0", *arguments],
        cwd=ROOT,
        env={**os.environ, "PORT": str(stack.port)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_user_of_the_release_before_is_migrated_while_it_signs_in(
    stack: RunningStack, anyone: Client, inside: Inside, newcomer: dict[str, Any]
) -> None:
    assert newcomer["locale"] == "en"
    key = {"pk": {"S": f"USER#{newcomer['id']}"}, "sk": {"S": "USER"}}
    aged = {
        "UpdateExpression": "SET schema_version = :one REMOVE locale",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    table = client("dynamodb", inside._account)
    table.update_item(TableName=inside._table, Key=key, **aged)
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    before = me.get("/v1/users/me")
    assert before.data["locale"] == "en"
    assert "would change" in migrate(stack, "--dry-run", "--again")
    assert "0001_user_locale: done" in migrate(stack, "--again")
    assert table.get_item(TableName=inside._table, Key=key)["Item"]["locale"] == {"S": "en"}
    after = me.get("/v1/users/me")
    assert (after.data, after.headers["ETag"]) == (before.data, before.headers["ETag"])
    assert "0001_user_locale: done" in migrate(stack, "--status")
