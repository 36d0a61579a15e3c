"""`@cached` in one process: each result is made once, and never shown after it was invalidated."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lamina.access.policy import Caller
from lamina.cache import Codec, Values, cached, invalidate, values
from lamina.cache.codecs import JSON, UNREADABLE, decode, encode
from lamina.cache.keys import key_of, prefix_of, prefixes_of
from lamina.observability import counts
from lamina.settings import Settings


def test_a_result_is_made_once_and_hits_are_counted() -> None:
    calls = []

    @cached("test", versioned=True)
    def double(number: int) -> int:
        calls.append(number)
        return number * 2

    assert [double(1), double(1), double(2)] == [2, 2, 4]
    assert calls == [1, 2]
    assert counts.take() == {"CacheHits": 1, "CacheMisses": 2}


def test_no_caller_changes_the_value_of_another() -> None:
    @cached("test")
    def listed() -> list[int]:
        return [1]

    listed().append(2)
    listed().append(3)
    assert listed() == [1]


def test_a_change_is_seen_at_once_by_key_by_pattern_and_by_what_was_written() -> None:
    stored = {"a": "1", "b": "1"}

    @cached("test")
    def find(name: str) -> str:
        return stored[name]

    assert find("a") == find("b") == "1"
    stored.update(a="2", b="2")
    find.values.forget("a")
    assert (find("a"), find("b")) == ("2", "1")
    invalidate("test:*")
    assert find("b") == "2"
    find.values.put("3", "b")
    assert find("b") == "3"
    invalidate("other:*")
    assert find("b") == "3"


def test_that_there_is_none_is_kept_only_if_asked_for() -> None:
    calls = []

    def missing(name: str) -> str | None:
        calls.append(name)
        return None

    forgetful, remembering = cached("a")(missing), cached("b", none_seconds=5)(missing)
    assert [forgetful("x"), forgetful("x"), remembering("y"), remembering("y")] == [None] * 4
    assert calls == ["x", "x", "y"]
    assert remembering.values.get("y") is None


def test_an_exception_is_raised_and_not_kept() -> None:
    failures = iter([ValueError(), None])

    @cached("test")
    def flaky() -> str:
        if (failure := next(failures)) is not None:
            raise failure
        return "made"

    with pytest.raises(ValueError, match=r"^$"):
        flaky()
    assert flaky() == "made"


def test_threads_that_miss_the_same_key_make_it_once() -> None:
    calls, all_wait = [], threading.Barrier(8)

    @cached("test")
    def slow() -> int:
        calls.append(1)
        threading.Event().wait(0.05)
        return len(calls)

    def ask(_: int) -> int:
        all_wait.wait()
        return slow()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {1}
    assert len(calls) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda function: function.values.forget("a"),
        lambda function: function.values.put("new", "a"),
        lambda _: invalidate("test:*"),
    ],
)
def test_what_was_read_before_a_change_is_not_kept_after_it(change: Callable[..., None]) -> None:
    read, changed = threading.Event(), threading.Event()
    stored = ["old"]

    @cached("test")
    def find(name: str) -> str:
        found = stored[0]
        read.set()
        changed.wait(5)
        return found + name[:0]

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(find, "a")
        read.wait(5)
        stored[0] = "new"
        change(find)
        changed.set()
        assert reading.result() == "old", "it was read before the change"
    assert find("a") == "new"


def test_an_unversioned_value_is_wrong_for_half_a_minute_at_most() -> None:
    with pytest.raises(ValueError, match="30 seconds"):
        cached("test", seconds=31)
    with pytest.raises(ValueError, match="30 seconds"):
        Values("test", none_seconds=3_600)
    assert Values("test")._seconds == 30
    assert Values("test", versioned=True)._seconds == 3_600


def test_what_depends_on_the_caller_is_refused(caller: Caller) -> None:
    @cached("test")
    def private(caller: Caller) -> str:
        return caller.user_id

    with pytest.raises(TypeError, match="Caller"):
        private(caller)
    with pytest.raises(TypeError, match="positional"):
        private(caller=caller)


@pytest.fixture
def caller() -> Caller:
    return Caller.__new__(Caller)


def test_different_arguments_have_different_keys() -> None:
    arguments: list[tuple[object, ...]] = [
        *[("a:b",), ("a", "b"), ("a",), ("",), (None,), (1,), ("1",), ("=1",), (True,), ("True",), ("=True",), ("=",)],
        *[("ä",), ("%C3%A4",), ("*",), ("a b",), ("a\r\nb",), ("{x}",), ("=None",), ("%3DNone",)],
    ]
    keys = [key_of("test", parts) for parts in arguments]
    assert len(set(keys)) == len(keys)
    assert all(key.isascii() and key.isprintable() and " " not in key and "{" not in key for key in keys)
    with pytest.raises(TypeError, match="at most"):
        key_of("test", ("a",) * 5)


def test_patterns_name_the_beginning_of_keys() -> None:
    assert prefixes_of("a:b:c") == ["a:", "a:b:"]
    assert prefixes_of("a") == ["a:"]
    assert prefix_of("a:b:*") == "a:b:"
    for wrong in ("a", "a*", "*", "a:*:*", "", ":*"):
        with pytest.raises(ValueError, match="pattern"):
            prefix_of(wrong)


def test_large_values_are_compressed_and_what_other_code_stored_is_made_anew() -> None:
    text = "word " * 10_000
    assert len(encode(JSON, text)) < 1_000
    assert decode(JSON, encode(JSON, text)) == text

    @cached("test", codec=Codec(lambda value: [value], lambda stored: stored["value"]))
    def find() -> str:
        return "made"

    for stored in (b"", b"x", b"z\x00", b"p{", b"p[1]", b"p" + b"[" * 100_000, encode(JSON, text)[:-20]):
        with pytest.raises(UNREADABLE):
            decode(find.values._codec, stored)
        values.memory.put("test", stored, 10)
        assert find() == "made"
    assert counts.take()["CacheFailures"] == 7


def test_a_url_is_checked_and_not_shown() -> None:
    assert "s3cret" not in repr(Settings.model_fields["cache_url"])
    fields = {"table": "lamina", "public_url": "https://a.example", "signing_keys": "a", "cursor_secret": "a"}
    made = Settings.model_validate({**fields, "secrets_key": "a", "cache_url": "rediss://:s3cret@cache:6379"})
    assert "s3cret" not in repr(made)
    with pytest.raises(ValueError, match="cache_url"):
        Settings.model_validate({**fields, "secrets_key": "a", "cache_url": "memcached://x"})
