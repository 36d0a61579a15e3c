"""Keys: what goes in comes out, and nobody composes somebody else's."""

from hypothesis import given
from hypothesis import strategies as st

from lamina import ids
from lamina.storage.keys import SHARDS, identifier_of, key, list_partition, list_position, shard_of, value_of
from lamina.users.items import guard_key, user_key
from lamina.users.schemas import EMAIL

kinds = st.sampled_from(["USER", "EMAIL", "USERNAME", "SESSION", "COUNTER"])
identifiers = st.uuids().map(str)


@given(kinds, st.text())
def test_a_key_gives_back_its_value_whatever_is_in_it(kind: str, value: str) -> None:
    assert value_of(key(kind, value)) == value


@given(kinds, st.text(), kinds, st.text())
def test_different_things_have_different_keys(kind: str, value: str, other_kind: str, other: str) -> None:
    assert (key(kind, value) == key(other_kind, other)) == ((kind, value) == (other_kind, other))


@given(st.text(), identifiers)
def test_a_position_gives_back_its_id_whatever_it_is_sorted_by(sorted_by: str, identifier: str) -> None:
    assert identifier_of(list_position(sorted_by, identifier)) == identifier


@given(
    st.lists(st.tuples(st.text(st.characters(min_codepoint=0x24, exclude_categories=["Cs"])), identifiers)), st.data()
)
def test_positions_are_in_the_order_of_their_values_and_of_the_bytes_that_the_table_compares(
    entries: list[tuple[str, str]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(entries))
    positions = sorted(list_position(*entry) for entry in shuffled)
    assert positions == [list_position(*entry) for entry in sorted(entries)]
    assert positions == sorted(positions, key=str.encode)


@given(identifiers)
def test_an_item_is_always_in_the_same_one_of_the_shards(identifier: str) -> None:
    assert shard_of(identifier) == shard_of(identifier)
    assert 0 <= shard_of(identifier) < SHARDS


def test_shards_are_even() -> None:
    counts = [0] * SHARDS
    for _ in range(4000):
        counts[shard_of(ids.new_id())] += 1
    assert min(counts) > 800


def test_partitions_of_different_lists_are_different() -> None:
    lists = [
        ("USERS", "created_at"),
        ("USERS", "created_at", "admin"),
        ("USERS", "created_at", "active"),
        ("USERS", "email"),
    ]
    partitions = [list_partition(*parts, shard=shard) for parts in lists for shard in range(SHARDS)]
    assert len(set(partitions)) == len(partitions)


@given(st.from_regex(EMAIL, fullmatch=True))
def test_no_address_reaches_the_items_of_a_user(email: str) -> None:
    assert guard_key("email", email)[0].startswith("EMAIL#")
    assert guard_key("email", email)[0] != user_key(email)[0]
