"""The restore drill on the local AWS: a table is restored into another, verified, and removed again."""

from datetime import timedelta
from typing import Any

import pytest

from lamina.settings import settings
from lamina.users import service
from operations.restore import tables
from operations.restore.drill import drill_backup, drill_point_in_time
from operations.restore.tables import TooSlow
from tests.integration.engines import Engine, LocalAws, on_each
from tests.unit.operations.test_restore import CONTEXT, Shop

pytestmark = pytest.mark.parametrize("engine", on_each([LocalAws]), indirect=True)  # The others have no backups.


@pytest.fixture
def shop(table: Engine, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(tables, "POLL_SECONDS", 0.05)
    made = Shop()
    made.client = table.client()
    return made


def left(shop: Shop) -> tuple[list[str], list[Any]]:
    """Return all tables and backups."""
    return shop.client.list_tables()["TableNames"], shop.client.list_backups()["BackupSummaries"]


def test_a_backup_is_restored_verified_and_removed(shop: Shop) -> None:
    report = drill_backup(shop.client, settings().table)
    text = "\n".join(report.lines())
    assert report.is_good, text
    assert report.findings.checked["users"] == 5
    assert report.comparison.same == min(200, report.findings.counts.total())
    assert f"restored: {report.findings.counts.total():,} items as of 20" in text
    assert "\nRPO 0 s: " in text
    assert "\nRTO " in text
    assert text.endswith("result:   good: 0 invariants violated")
    assert left(shop) == ([settings().table], [])


def test_an_older_backup_shows_the_table_as_it_was_and_is_kept(shop: Shop) -> None:
    arn = tables.back_up(shop.client, settings().table, "before")["BackupArn"]
    shop.delete(f"USER#{shop.ann.id}", "USER")
    service.update(shop.editor.id, {"age": 36}, CONTEXT, if_version=lambda _: True)
    report = drill_backup(shop.client, settings().table, arn)
    assert report.is_good
    assert report.findings.checked["users"] == 5
    assert [each["BackupName"] for each in left(shop)[1]] == ["before"]
    shop.client.delete_backup(BackupArn=arn)


def test_a_damaged_table_is_not_good_and_the_drill_still_cleans_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.restore.verification.SKEW", negative_skew())
    shop.delete("USERNAME#ann", "GUARD")
    report = drill_point_in_time(shop.client, settings().table)
    assert not report.is_good
    assert f"violated: the user {shop.ann.id} has no guard USERNAME" in list(report.lines())
    assert left(shop) == ([settings().table], [])


def negative_skew() -> Any:
    """Return a skew that counts no change as recent."""
    return timedelta(seconds=-1)


def test_a_restore_that_fails_leaves_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "RESTORE_SECONDS", -1.0)
    monkeypatch.setattr(tables, "_wait", raise_too_slow)
    with pytest.raises(TooSlow):
        drill_point_in_time(shop.client, settings().table)
    assert left(shop) == ([settings().table], [])


def raise_too_slow(_is_done: Any, what: str, _seconds: float) -> None:
    raise TooSlow(what)
