"""The cache of a process is bounded, by entries and by bytes, and forgets what was not used."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from lamina.cache.memory import OVERHEAD, Memory


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_kept_until_its_time_is_over() -> None:
    clock = Clock()
    memory = Memory(clock=clock)
    memory.put("a", b"1", seconds=10)
    clock.now = 9.9
    assert memory.get("a") == b"1"
    clock.now = 10
    assert memory.get("a") is None
    assert (len(memory), memory.size) == (0, 0)


def test_what_was_used_last_stays() -> None:
    memory = Memory(max_entries=2)
    memory.put("a", b"1", 10)
    memory.put("b", b"2", 10)
    memory.get("a")
    memory.put("c", b"3", 10)
    assert [memory.get(key) for key in "abc"] == [b"1", None, b"3"]


def test_a_large_value_makes_room_and_one_too_large_is_not_kept() -> None:
    memory = Memory(max_bytes=4_000)
    for key in "abcdefghijkl":
        memory.put(key, b"", 10)
    memory.put("big", b"x" * 600, 10)
    assert memory.get("big") is not None
    assert memory.get("a") is None
    memory.put("big", b"x" * 1_000, 10)
    assert memory.get("big") is None, "neither the new value nor the old one"


def test_a_prefix_is_forgotten_and_nothing_else() -> None:
    memory = Memory()
    for key in ("a:1", "a:2", "ab:1"):
        memory.put(key, b"1", 10)
    memory.delete_below("a:")
    memory.delete("nothing")
    assert [memory.get(key) for key in ("a:1", "a:2", "ab:1")] == [None, None, b"1"]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 900), st.booleans()), max_size=60))
def test_it_never_takes_more_than_it_may(steps: list[tuple[str, int, bool]]) -> None:
    memory = Memory(max_entries=5, max_bytes=3_000)
    for key, size, deleted in steps:
        memory.delete(key) if deleted else memory.put(key, b"x" * size, 10)
        sizes = [len(key) + len(value) + OVERHEAD for key in "abcdefgh" if (value := memory.get(key)) is not None]
        assert memory.size == sum(sizes) <= 3_000
        assert len(memory) == len(sizes) <= 5


def test_the_bytes_that_it_counts_are_those_that_it_takes() -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        memory = Memory()
        for number in range(1_000):
            memory.put(f"post_content:{number:040}:1", bytes(1_000), 10)
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.8 * memory.size < taken < 1.1 * memory.size
