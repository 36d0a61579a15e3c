"""Sharded lists: merged in order, each entry once, at a cost that the list's length does not change."""

from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.storage.keys import SHARDS, list_position, shard_of
from lamina.storage.sharded_list import Source, read
from tests.unit.storage.fake_table import FakePartitions

words = st.text(st.sampled_from("ab😀é"), min_size=1, max_size=3)
entries = st.sets(st.tuples(words, st.uuids().map(str)), max_size=40)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
PARTITIONS = [f"LIST#{shard}" for shard in range(SHARDS)]
LIST = Source("gsi1", PARTITIONS)


def fill(index: FakePartitions, chosen: set[tuple[str, str]]) -> list[str]:
    index.rows.clear()
    for word, identifier in chosen:
        index.rows[PARTITIONS[shard_of(identifier)]].add(list_position(word, identifier))
    return sorted((list_position(*entry) for entry in chosen), key=str.encode)


def iterate(source: Source, size: int, *, descending: bool) -> list[list[str]]:
    pages, after, more = [], "", True
    while more:
        chunk = read(source, size, descending=descending, after=after)
        pages.append(chunk.items)
        after, more = (chunk.items or [""])[-1], chunk.more
    return pages


@SHARED
@given(entries, st.integers(1, 7), st.booleans())
def test_pages_put_together_are_the_list(
    fake_index: FakePartitions, chosen: set[tuple[str, str]], size: int, descending: bool
) -> None:
    expected = fill(fake_index, chosen)
    pages = iterate(LIST, size, descending=descending)
    assert list(chain(*pages)) == (expected[::-1] if descending else expected)
    assert all(len(page) == size for page in pages[:-1])


@SHARED
@given(entries, st.integers(1, 7), st.booleans())
def test_backwards_from_a_page_lies_exactly_the_page_before(
    fake_index: FakePartitions, chosen: set[tuple[str, str]], size: int, descending: bool
) -> None:
    fill(fake_index, chosen)
    pages = [page for page in iterate(LIST, size, descending=descending) if page]
    for number, page in enumerate(pages[1:]):
        back = read(LIST, size, descending=not descending, after=page[0])
        assert back.items[::-1] == pages[number]
        assert back.more == (number > 0)


@SHARED
@given(entries, entries, st.integers(1, 7), st.booleans())
def test_entries_that_come_before_the_page_shift_nothing_behind_it(
    fake_index: FakePartitions, chosen: set[tuple[str, str]], late: set[tuple[str, str]], size: int, descending: bool
) -> None:
    whole = fill(fake_index, chosen)
    whole = whole[::-1] if descending else whole
    first = read(LIST, size, descending=descending)
    if not first.items:
        return
    edge = first.items[-1]
    before = {entry for entry in late if (list_position(*entry).encode() < edge.encode()) != descending}
    fill(fake_index, chosen | {entry for entry in before if list_position(*entry) != edge})
    rest = walk_from(edge, size, descending=descending)
    assert first.items + rest == whole


def walk_from(after: str, size: int, *, descending: bool) -> list[str]:
    found: list[str] = []
    more = True
    while more:
        chunk = read(LIST, size, descending=descending, after=after)
        found += chunk.items
        after, more = (chunk.items or [after])[-1], chunk.more
    return found


@SHARED
@given(entries, st.integers(1, 7), st.data())
def test_an_entry_that_is_taken_away_still_marks_its_place(
    fake_index: FakePartitions, chosen: set[tuple[str, str]], size: int, data: st.DataObject
) -> None:
    whole = fill(fake_index, chosen)
    if not whole:
        return
    gone = data.draw(st.sampled_from(whole))
    fill(fake_index, {entry for entry in chosen if list_position(*entry) != gone})
    chunk = read(LIST, size, descending=False, after=gone)
    assert chunk.items == [position for position in whole if position.encode() > gone.encode()][:size]


@SHARED
@given(entries, st.integers(1, 7), st.integers(0, 45), st.booleans())
def test_an_offset_skips_so_many(
    fake_index: FakePartitions, chosen: set[tuple[str, str]], size: int, offset: int, descending: bool
) -> None:
    whole = fill(fake_index, chosen)
    whole = whole[::-1] if descending else whole
    chunk = read(LIST, size, descending=descending, offset=offset)
    assert chunk.items == whole[offset : offset + size]
    assert chunk.more == (len(whole) > offset + size)


@SHARED
@given(entries, words, st.integers(1, 7), st.booleans())
def test_a_prefix_is_a_range_of_the_list_in_both_directions(
    fake_index: FakePartitions, chosen: set[tuple[str, str]], prefix: str, size: int, descending: bool
) -> None:
    whole = [position for position in fill(fake_index, chosen) if position.startswith(prefix)]
    source = Source("gsi1", PARTITIONS, prefix)
    assert list(chain(*iterate(source, size, descending=descending))) == (whole[::-1] if descending else whole)


def test_the_same_position_in_two_lists_is_one_entry(fake_table: FakePartitions) -> None:
    identifier = "0190c6c0-0000-7000-8000-000000000001"
    for partition in ("PUBLIC#0", "EMAIL#0"):
        fake_table.rows[partition] = {list_position("ann", identifier), list_position(partition, identifier)}
    chunk = read(Source("", ["PUBLIC#0", "EMAIL#0"], "ann"), 5, descending=False)
    assert chunk.items == [list_position("ann", identifier)]


@pytest.mark.parametrize("length", [100, 20_000])
def test_a_page_reads_as_much_of_a_long_list_as_of_a_short_one(fake_index: FakePartitions, length: int) -> None:
    many_entries(fake_index, length)
    read(LIST, 20, descending=False, after=f"{length // 2:08}")
    assert fake_index.calls == SHARDS
    assert fake_index.read <= SHARDS * 22


@pytest.mark.parametrize("size", [1, 20, 100])
def test_a_page_of_a_list_that_lies_in_one_partition_takes_one_call(fake_index: FakePartitions, size: int) -> None:
    many_entries(fake_index, 20_000)
    read(Source("gsi1", PARTITIONS[:1]), size, descending=True)
    assert fake_index.calls == 1
    assert fake_index.read == size + 2


def test_skipping_many_entries_reads_each_about_once(fake_index: FakePartitions) -> None:
    many_entries(fake_index, 20_000)
    chunk = read(LIST, 100, descending=False, offset=9_900)
    assert [position[:8] for position in chunk.items] == [f"{number:08}" for number in range(9_900, 10_000)]
    assert fake_index.read < 11_000
    assert fake_index.calls <= SHARDS + 1


def many_entries(index: FakePartitions, length: int) -> None:
    for number in range(length):
        identifier = f"0190c6c0-0000-7000-8000-{number:012}"
        index.rows[PARTITIONS[shard_of(identifier)]].add(list_position(f"{number:08}", identifier))
