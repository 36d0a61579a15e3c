"""What is known of all posts."""

import time

import pytest

from lamina.posts.search import statistics
from lamina.posts.search.indexing import index, remove
from lamina.posts.search.statistics import Report, Statistics
from lamina.posts.search.vectors import TYPICAL_LENGTH
from tests.unit.posts.search.conftest import document


def test_a_small_index_is_counted_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "FREQUENT_FROM", 3)
    posts = [document("common " * (number + 1) + f"rare{number}x") for number in range(4)]
    for each in posts:
        index(each)
    remove(posts[0].post_id)
    assert statistics.refresh() == Report(sampled=3, posts=3, average_length=4.0, frequent=1)
    assert statistics.current() == Statistics(3, 4.0, {"common": 3})


def test_of_a_large_one_a_sample_stands_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "SAMPLE", 20)
    monkeypatch.setattr(statistics, "FREQUENT_FROM", 1)
    for _ in range(60):
        index(document("common text"))
    report = statistics.refresh()
    assert 20 <= report.sampled < 60
    found = statistics.current()
    assert 30 < found.posts < 120
    assert found.frequent == {"common": found.posts, "text": found.posts}
    assert found.average_length == 2.0


def test_without_posts_or_statistics_a_typical_post_is_expected() -> None:
    assert statistics.current() == Statistics()
    assert statistics.refresh() == Report(0, 0, TYPICAL_LENGTH, 0)
    assert statistics.current() == Statistics()


def test_a_dry_run_and_a_run_without_time_store_nothing() -> None:
    index(document("text"))
    assert statistics.refresh(dry_run=True).posts == 1
    assert statistics.refresh(lambda: False).sampled == 0
    assert statistics.current() == Statistics()


def test_they_are_read_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert statistics.current().posts == 0
    index(document("text"))
    statistics.refresh()
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert statistics.current().posts == 1
    index(document("more text"))
    kept = statistics._kept.statistics
    statistics.refresh()
    statistics._kept.statistics = kept
    assert statistics.current().posts == 1
    now = statistics.CURRENT_SECONDS + 1
    assert statistics.current().posts == 2
