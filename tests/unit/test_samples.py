"""`make events` writes the sample events that `sam local invoke -e` and `make invoke` take."""

import json
import subprocess
from pathlib import Path

import pytest

from local.samples import sample, samples, write
from tests.support.make import outside_make
from tests.support.templates import ROOT


def test_each_sample_is_a_file_in_the_folder_of_its_function(tmp_path: Path) -> None:
    write(tmp_path)
    written = {
        str(path.relative_to(tmp_path).with_suffix("")): json.loads(path.read_bytes()) for path in tmp_path.glob("*/*")
    }
    assert written == {place: sample(place) for place in samples()}


def test_a_sample_that_is_changed_changes_no_other() -> None:
    for event in (sample("consumers/count_users"), sample("users/get")):
        event.clear()
    image = sample("consumers/count_users")["Records"][0]["dynamodb"]
    image["Keys"]["pk"]["S"] = "USER#another"
    assert image["NewImage"]["pk"] == sample("consumers/count_users")["Records"][0]["dynamodb"]["Keys"]["pk"]
    assert image["NewImage"]["pk"] != image["Keys"]["pk"]


@pytest.mark.parametrize("target", ["invoke", "sam-local", "faults"])
def test_commands_that_take_events_write_them_first(target: str) -> None:
    command = ["make", "--dry-run", target, "SETUP=true"]
    steps = subprocess.run(command, cwd=ROOT, env=outside_make(), capture_output=True, text=True, check=True).stdout
    assert "-m local.samples" in steps.splitlines()[1]
