"""What the README says of deploying, done on a copy of the tree up to the credentials that a test does not have."""

import os
import re
import shutil
import struct
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT_FROM = ("Makefile", "functions", "layers", "operations", "samconfig.toml", "stacks", "template.yaml")
ANSWERS = ("eu-central-1", "https://api.example.com", "", "no-reply@example.com", "")
MACHINES = {"arm64": 183, "x86_64": 62}
"""`e_machine` of ELF files (System V ABI)."""
SECONDS = 240
UNREACHABLE = "Failed to fetch"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is built, on the virtual environment that is there."""
    for name in BUILT_FROM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def run(
    command: str, checkout: Path, answers: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the Makefile with nobody's credentials, and without the set-up."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMINA_", "MAKE"))}
    nobody = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    return subprocess.run(
        ["bash", "-euc", f"{command} SETUP=true"],
        cwd=checkout,
        env={**inherited, **nobody, **variables},
        input="".join(f"{answer}\n" for answer in answers),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_the_readmes_deploy_line_asks_builds_and_gets_as_far_as_the_credentials(checkout: Path) -> None:
    _, _, chapter = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Deploy it\n")
    line = re.findall(r"^```sh\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL)[0].strip()
    done = run(line, checkout, ANSWERS, LAMINA_ARCHITECTURE="host")
    assert done.returncode != 0
    assert "Build Succeeded" in done.stdout, done.stdout[-2000:]
    assert "Unable to locate credentials" in done.stdout.splitlines()[-2], done.stdout[-2000:]
    assert len(re.findall(r"^  \[.*\] ", done.stdout, re.MULTILINE)) == len(ANSWERS)
    written = tomllib.loads((checkout / "samconfig.toml").read_text(encoding="utf-8"))["default"]["global"][
        "parameters"
    ]
    assert (written["region"], written["parameter_overrides"]["PublicUrl"]) == ANSWERS[:2]
    assert (checkout / ".aws-sam" / "build" / "template.yaml").is_file()


def test_layers_are_built_for_the_architecture_that_is_named(checkout: Path) -> None:
    for architecture, machine in MACHINES.items():
        line = f'make build ARGS="RuntimeLayer --parameter-overrides Architecture={architecture}"'
        done = run(line, checkout)
        if UNREACHABLE in done.stdout:
            pytest.skip("the package index does not answer")
        assert done.returncode == 0, done.stdout[-2000:]
        libraries = list((checkout / ".aws-sam" / "build" / "RuntimeLayer").rglob("*.so"))
        assert libraries
        assert {struct.unpack("<H", path.read_bytes()[18:20])[0] for path in libraries} == {machine}
