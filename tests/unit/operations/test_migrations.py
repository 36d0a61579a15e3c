"""Migrations as modules, the command's choice of them, and its rate."""

import argparse
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from lamina.users import service
from lamina.users.items import UserItem, user_key
from operations import migrate
from operations.migrations.catalog import Direction, InvalidMigration, Migration, latest_versions, load
from operations.migrations.rewriting import Table
from operations.migrations.state import Status, Store
from operations.migrations.throttle import Stopped, Throttle
from tests.support.aws import make_user, table_client

MODULE = '''"""Adds a colour."""
KIND = "{kind}"
VERSION = {version}
def forward(item):
    return {{"colour": "red"}}
def back(item):
    return {{"colour": None}}
'''
EXAMPLES: dict[str, dict[str, Any]] = {"0001_user_locale": {"pk": "USER#1", "sk": "USER", "email": "ada@example.com"}}
"""An item of the version before each migration."""
SCHEMAS = {"user": lambda: int(UserItem.get(*user_key(make_user("ann").id)).schema_version)}
"""The version that the code writes of each kind that has migrations."""


def write(folder: Path, **modules: str) -> Path:
    for name, source in modules.items():
        (folder / f"{name[1:]}.py").write_text(source, encoding="utf-8")
    return folder


@pytest.mark.parametrize("migration", load(), ids=lambda each: each.name)
def test_a_migration_can_be_undone(migration: Migration) -> None:
    before = EXAMPLES[migration.name]
    after = {**before, **migration.change(Direction.FORWARD, before)}
    assert after != before
    undone = {**after, **migration.change(Direction.BACK, after)}
    assert {name: value for name, value in undone.items() if value is not None} == before


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("kind", "version"), latest_versions(load()).items())
def test_the_code_writes_the_version_that_the_migrations_lead_to(kind: str, version: int) -> None:
    assert SCHEMAS[kind]() == version


def test_modules_are_loaded_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    first, second = (MODULE.format(kind="user", version=version) for version in (2, 3))
    folder = write(tmp_path, _0002_second=second, _0001_first=first, _0003_other=MODULE.format(kind="post", version=2))
    found = load(folder)
    assert [(each.name, each.kind, each.version) for each in found] == [
        ("0001_first", "user", 2), ("0002_second", "user", 3), ("0003_other", "post", 2),
    ]  # fmt: skip
    assert found[0].summary == "Adds a colour."
    assert latest_versions(found) == {"user": 3, "post": 2}


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({"_1_first": MODULE.format(kind="user", version=2)}, "1_first.py: the name of a migration is NNNN_name.py"),
        ({"_0001_first": MODULE.format(kind="user", version=3)}, "VERSION must be 2, the next one of 'user'"),
        ({"_0001_first": '"""A."""\nKIND = "user"'}, "0001_first.py: VERSION, forward, back is missing"),
        ({"_0001_first": MODULE.format(kind="user", version=2).partition("\n")[2]}, "a docstring is missing"),
        (
            {each: MODULE.format(kind="user", version=2) for each in ("_0001_a", "_0001_b")},
            "0001_b: 0001_a has the same number",
        ),
    ],
)
def test_a_module_that_does_not_fit_is_refused(tmp_path: Path, modules: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidMigration, match=message):
        load(write(tmp_path, **modules))


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    migrate.add_options(parser)
    return parser.parse_args(arguments)


@pytest.mark.usefixtures("aws")
def test_forward_runs_what_is_pending_and_back_undoes_the_latest_first(tmp_path: Path) -> None:
    table = Table(table_client(), "lamina")
    modules = {f"_000{number}_m": MODULE.format(kind="user", version=number + 1) for number in (1, 2, 3)}
    migrations = load(write(tmp_path, **modules))
    store = Store(table)
    head = store.acquire("0001_m")
    head.status = Status.DONE
    store.release(head)

    def chosen(*arguments: str) -> list[str]:
        return [each.name for each in migrate._chosen(table, migrations, options(*arguments))[1]]

    assert chosen() == ["0002_m", "0003_m"]
    assert chosen("--again") == ["0001_m", "0002_m", "0003_m"]
    assert chosen("--back", "0002") == ["0003_m", "0002_m"]
    assert chosen("--back", "0001") == ["0003_m", "0002_m", "0001_m"]
    with pytest.raises(InvalidMigration, match="there is no migration 0009"):
        chosen("--back", "0009")


@pytest.mark.usefixtures("aws")
def test_the_command_reports_what_it_does(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    user = make_user("ann")
    monkeypatch.setattr(migrate, "_stopped_by_signals", threading.Event)
    key = {"pk": {"S": f"USER#{user.id}"}, "sk": {"S": "USER"}}
    table_client().update_item(TableName="lamina", Key=key, UpdateExpression="REMOVE locale, schema_version")

    def printed(*arguments: str) -> str:
        assert migrate.migrate(options("--rate", "0", "--segments", "2", *arguments)) == 0
        return capsys.readouterr().out

    assert printed("--status").startswith("0001_user_locale: pending\n    Users have a locale")
    assert "0001_user_locale: would change 1 of" in printed("--dry-run")
    assert "locale" not in table_client().get_item(TableName="lamina", Key=key)["Item"]
    assert printed().startswith("0001_user_locale: done, 1 items changed in")
    assert table_client().get_item(TableName="lamina", Key=key)["Item"]["locale"] == {"S": "en"}
    assert printed() == "nothing is pending\n"
    assert "0001_user_locale: done, 1 items changed, 20" in printed("--status")
    assert printed("--back", "0001").startswith("0001_user_locale: undone, 1 items changed")
    assert service.get(user.id).locale == "en"


def test_a_throttle_spreads_units_over_time_and_ends_when_it_is_stopped() -> None:
    stop = threading.Event()
    started = time.monotonic()
    throttle = Throttle(1000, stop)
    for _ in range(10):
        throttle.spend(10)
    assert time.monotonic() - started >= 0.09
    Throttle(0, stop).spend(10**9)
    stop.set()
    with pytest.raises(Stopped):
        Throttle(1, stop).spend(3600)
