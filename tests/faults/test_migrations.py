"""A migration of 100,000 users by real processes that are killed, while others change the same users."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lamina.errors import Conflict, Unavailable
from lamina.events.request_context import RequestContext
from lamina.settings import settings
from lamina.storage.item import connect
from lamina.users import service
from lamina.users.items import user_item
from operations.migrations.rewriting import Table
from operations.migrations.state import LEASE_SECONDS, Status, Store
from tests.faults.figures import Report, figures
from tests.integration import engines
from tests.integration.engines import CREDENTIALS, LoadedDynoxide
from tests.integration.population import users
from tests.support.aws import table_definition
from tests.support.stack import ROOT

USERS = int(os.environ.get("MIGRATED_USERS", "100000"))
WRITERS = 4
PATIENCE_SECONDS = 1500.0
MODULE = '''"""Users have a locale; `runs` counts how often an item was changed."""
KIND = "user"
VERSION = 2
def forward(item):
    return {"runs": item.get("runs", 0) + 1, **({} if "locale" in item else {"locale": "en"})}
def back(item):
    return {"runs": None, "locale": None}
'''
COMMAND = """
import argparse, pathlib, sys
from operations import migrate
from operations.migrations import catalog
migrate.load = lambda: catalog.load(pathlib.Path(sys.argv[1]))
options = argparse.ArgumentParser()
migrate.add_options(options)
sys.exit(migrate.migrate(options.parse_args(sys.argv[2:])))
"""
"""`make migrate` on a table without a stack, with the migrations of a folder."""
NAME = "0001_user_locale"
CONTEXT = RequestContext(None, "test")


def raw_users() -> list[dict[str, Any]]:
    """Return users as the previous release has written them."""
    found = []
    for user in users(USERS):
        raw = user_item(user).serialize()
        del raw["locale"]
        found.append({**raw, "version": {"N": "1"}, "schema_version": {"N": "1"}})
    return found


@pytest.fixture(scope="module")
def population() -> list[dict[str, Any]]:
    return raw_users()


@pytest.fixture
def engine(
    population: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoadedDynoxide]:
    if reason := LoadedDynoxide.missing():
        pytest.skip(reason)
    monkeypatch.setattr(engines, "START_SECONDS", 600.0)  # It reads all users before it answers.
    started = LoadedDynoxide({"TableName": settings().table, **table_definition()}, population)
    started.start(tmp_path)
    monkeypatch.setattr(connect(), "_client", started.transport())
    yield started
    started.stop()


class Writers:
    """Threads that change users all the time, and remember what they have written."""

    def __init__(self, ids: list[str]) -> None:
        self.versions: dict[str, int] = {}
        self.locales: dict[str, str] = {}
        self._ids = ids
        self._ended = threading.Event()
        self._threads = ThreadPoolExecutor(WRITERS)
        self._work = [self._threads.submit(self._write, number) for number in range(WRITERS)]

    def stop(self) -> None:
        """Let them finish; raises what any of them ran into."""
        self._ended.set()
        for each in self._work:
            each.result()

    def _write(self, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 (nothing secret)
        mine = self._ids[number::WRITERS]
        while not self._ended.is_set():
            user_id, locale = chance.choice(mine), chance.choice(["de", "fr", "pt-BR"])
            try:
                user = service.update(user_id, {"locale": locale}, CONTEXT, if_version=lambda _: True)
            except (Conflict, Unavailable):
                continue
            self.versions[user_id], self.locales[user_id] = user.version, locale


def start(engine: LoadedDynoxide, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "AWS_ENDPOINT_URL_DYNAMODB": engine.url,
        "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
    }
    command = [sys.executable, "-c", COMMAND, str(folder), "--rate", "0", *options]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def wait_for_changes(store: Store, count: int, process: subprocess.Popen[bytes]) -> int:
    """Wait until a run has stored that many changes; return how many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (changed := sum(segment.changed for segment in store.segments(NAME))) < count:
        assert process.poll() is None, "the run has ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return changed


@pytest.mark.timeout(2 * PATIENCE_SECONDS)
def test_a_migration_that_is_killed_twice_loses_nothing_and_changes_nothing_twice(
    engine: LoadedDynoxide, population: list[dict[str, Any]], tmp_path: Path, report: Report
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / f"{NAME}.py").write_text(MODULE, encoding="utf-8")
    store = Store(Table(engine.client(), settings().table))
    before = {item["pk"]["S"]: item for item in population}
    writers = Writers([user.removeprefix("USER#") for user, item in before.items() if "deleted_at" not in item])
    began = time.monotonic()

    killed_at = []
    for fraction, number in ((0.2, signal.SIGKILL), (0.5, signal.SIGTERM)):
        process = start(engine, folder)
        killed_at.append(wait_for_changes(store, int(USERS * fraction), process))
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode in {-signal.SIGKILL, 130}
    last = start(engine, folder)
    out, _ = last.communicate(timeout=PATIENCE_SECONDS)
    took = time.monotonic() - began
    writers.stop()

    assert last.returncode == 0
    head = store.head(NAME)
    assert head.status is Status.DONE
    runs = {}
    pages = engine.client().get_paginator("scan").paginate(TableName=settings().table, ConsistentRead=True)
    for item in (item for page in pages for item in page["Items"] if item["kind"]["S"] == "user"):
        user_id = item["pk"]["S"].removeprefix("USER#")
        runs[user_id] = int(item.get("runs", {"N": "0"})["N"])
        assert item["schema_version"] == {"N": "2"}
        assert item["locale"] == {"S": writers.locales.get(user_id, "en")}
        assert int(item["version"]["N"]) == writers.versions.get(user_id, 1)
        if user_id not in writers.versions:
            added = {"schema_version": {"N": "2"}, "locale": {"S": "en"}, "runs": {"N": "1"}}
            assert item == {**before[item["pk"]["S"]], **added}
    assert len(runs) == USERS
    # A writer saves the whole user, without `runs`, which it does not know.
    assert set(runs.values()) <= {0, 1}
    assert [each for each, count in runs.items() if count == 0 and each not in writers.versions] == []
    assert store.segments(NAME) == []
    report(
        figures(list(before), (f"USER#{user_id}" for user_id in runs)),
        changed_by_writers=len(writers.versions),
        stored_at_kill=killed_at[0],
        stored_at_stop=killed_at[1],
        seconds=took,
        lease_seconds=LEASE_SECONDS,
    )
    assert f"{NAME}: done" in out.decode()
