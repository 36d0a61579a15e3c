"""A report of a hundred thousand users, written by a process whose memory is measured."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lamina.jobs.items import job_item
from lamina.settings import settings
from lamina.users.counting import CounterItem, counter_key
from lamina.users.items import user_item
from lamina.users.model import User
from tests.integration.engines import CREDENTIALS, Dynoxide, LoadedDynoxide
from tests.integration.population import users
from tests.local.ministack import MiniStack
from tests.support.aws import table_definition
from tests.support.samples import JOB, waiting_job
from tests.support.stack import ROOT

ROWS = 100_000
MEGABYTES = 256
SECONDS = 240

pytestmark = [
    pytest.mark.xdist_group("reports"),
    pytest.mark.skipif(bool(Dynoxide.missing()), reason=Dynoxide.missing()),
]


def raw_items(population: Sequence[User]) -> Iterator[dict[str, Any]]:
    """The users and what a report reads beside them."""
    counter = CounterItem(*counter_key("viewer#active"), amount=len(population))
    for item in (job_item(waiting_job(JOB, **WANTED)), counter, *map(user_item, population)):
        yield {**item.serialize(), "version": {"N": "1"}}


WANTED = {
    "parameters": {"type": "users", "format": "csv", "role": "", "status": "", "deleted": False},
    "created_at": "2027-01-01T00:00:00.000000Z",
}


@pytest.fixture
def files(tmp_path: Path) -> Iterator[MiniStack]:
    """S3 with our bucket."""
    started = MiniStack(tmp_path, mended=True)
    started.client("s3").create_bucket(Bucket=settings().files)
    yield started
    started.stop()


def test_a_hundred_thousand_rows_are_written_in_little_memory(files: MiniStack, tmp_path: Path) -> None:
    population = [user for user in users(ROWS * 40 // 39 + 40) if user.deleted_at is None][:ROWS]
    engine = LoadedDynoxide({"TableName": settings().table, **table_definition()}, raw_items(population))
    engine.start(tmp_path)
    try:
        figures = reported(engine.url, files.url)
    finally:
        engine.stop()
    print(f"{ROWS} rows: {figures['megabytes']:.0f} MB at the most, {figures['seconds']} s")
    assert figures["megabytes"] < MEGABYTES
    body = files.client("s3").get_object(Bucket=settings().files, Key=f"reports/{JOB}.csv")["Body"].read()
    rows = csv.DictReader(body.decode().splitlines())
    in_order = sorted(population, key=lambda user: (user.created_at, user.id))
    assert [row["id"] for row in rows] == [user.id for user in in_order]


def reported(table: str, files: str) -> dict[str, float]:
    """Run the job in a process of its own; what it says of itself."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'layers' / 'core'}:{ROOT}",
        **{name: value for name, value in os.environ.items() if name.startswith(("AWS_", "LAMINA_"))},
        "AWS_ACCESS_KEY_ID": str(CREDENTIALS.access_key),
        "AWS_SECRET_ACCESS_KEY": str(CREDENTIALS.secret_key),
        "AWS_ENDPOINT_URL_DYNAMODB": table,
        "AWS_ENDPOINT_URL_S3": files,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.reporting", JOB],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures
