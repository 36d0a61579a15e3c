"""The workflows of CI: least privilege, no stored keys, and commands that exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.templates import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(workflow: Any) -> list[Any]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_unless_a_job_says_otherwise(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job.get("permissions", {}).get("contents", "read") == "read"
        assert "timeout-minutes" in job or "uses" in job


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_steps_name_their_actions_by_commit_and_call_commands_that_exist(path: Path) -> None:
    for step in steps(read(path)):
        if "uses" in step:
            assert re.search(r"@[0-9a-f]{40}$", step["uses"])
        assert set(re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))) <= TARGETS
        # Text of a pull request would be run by the shell; variables of the environment are not.
        assert "${{" not in step.get("run", "")
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_no_workflow_has_an_access_key_and_deployments_use_oidc() -> None:
    for path in WORKFLOWS:
        assert "AWS_SECRET_ACCESS_KEY" not in path.read_text(encoding="utf-8")
    deploy = read(ROOT / ".github" / "workflows" / "deploy-to.yml")
    (credentials,) = [step for step in steps(deploy) if "configure-aws-credentials" in step.get("uses", "")]
    assert credentials["with"].keys() == {"role-to-assume", "aws-region"}


def test_production_follows_staging_with_the_same_build_that_was_signed() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]
    assert (jobs["staging"]["needs"], jobs["production"]["needs"]) == ("build", "staging")
    assert jobs["staging"]["uses"] == jobs["production"]["uses"] == "./.github/workflows/deploy-to.yml"
    text = (ROOT / ".github" / "workflows" / "deploy-to.yml").read_text(encoding="utf-8")
    assert 0 < text.index("gh attestation verify") < text.index("operations.deploy --built") < text.index("make smoke")
    assert "make build" not in text
