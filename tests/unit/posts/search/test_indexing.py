"""The index has each post as it was last, whatever happens in between."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina import ids
from lamina.errors import Conflict
from lamina.posts.search import documents, indexing, vectors
from lamina.posts.search.documents import Document
from lamina.posts.search.indexing import Note, difference, index, remove
from lamina.posts.search.tokenizer import stem
from lamina.posts.search.vectors import Entry
from lamina.storage import conditional
from lamina.storage.transport import Call
from tests.unit.posts.search.conftest import WRITES, document, empty, expected, observed, stored

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
entries = st.frozensets(st.tuples(st.sampled_from("abcdef"), st.sampled_from([-1, 10, 20])))


class Crash(Exception):
    """The process ends here."""


def holds(*documents: Document) -> bool:
    """Whether the index holds exactly these documents, and nothing is pending."""
    terms, words, posts = stored()
    wanted_terms, wanted_words = expected(*documents)
    there = {item.sk: int(item.post_version) for item in posts if vectors.decode(item.vector).terms}
    return (
        terms == wanted_terms
        # A form of a word may stay while a post has another.
        and wanted_words <= words
        and {f"TERM#{stem(word)}" for word in words} == {pk for pk, _ in terms}
        and there == {each.post_id: each.version for each in documents}
        and not any(item.pending for item in posts)
        and all(item.expires_at for item in posts if item.sk not in there)
    )


def crash_before(write: int) -> Callable[[Call], None]:
    """Let the process end before its n-th write, from 0."""
    writes = count()

    def observe(call: Call) -> None:
        if call.operation in WRITES and next(writes) == write:
            raise Crash

    return observe


@given(st.lists(st.tuples(entries, st.sets(st.integers(0, 20))), min_size=1, max_size=6), entries)
def test_the_difference_leads_to_what_is_wanted_wherever_earlier_updates_ended(
    attempts: list[tuple[frozenset[Entry], set[int]]], last: frozenset[Entry]
) -> None:
    """Each update does an arbitrary part of its note; the last one does all."""
    table: set[Entry] = set()
    wanted: frozenset[Entry] = frozenset()
    left = Note()
    for target, done in attempts:
        left = difference(wanted, left, target)
        wanted = target
        table |= {entry for number, entry in enumerate(sorted(left.add)) if number in done}
        table -= {entry for number, entry in enumerate(sorted(left.drop)) if number in done}
    left = difference(wanted, left, last)
    assert not left.add & left.drop
    table |= left.add
    table -= left.drop
    assert table == last


@given(entries)
def test_without_a_change_there_is_no_difference(present: frozenset[Entry]) -> None:
    assert difference(present, Note(), present) == Note()


@given(entries, entries)
def test_what_is_there_is_not_written_again(present: frozenset[Entry], wanted: frozenset[Entry]) -> None:
    note = difference(present, Note(), wanted)
    assert not note.add & present
    assert note.drop <= present


def test_a_post_is_indexed_changed_and_removed() -> None:
    first = document("The quick brown fox", title="Foxes", tags=("animals",))
    second = document("A slow fox", version=2, post_id=first.post_id)
    other = document("Another quick animal")
    index(first)
    index(other)
    assert holds(first, other)
    index(second)
    assert holds(second, other)
    remove(first.post_id, 3)
    assert holds(other)
    remove(other.post_id)
    assert holds()


def test_the_last_post_with_a_term_takes_all_forms_of_it_along() -> None:
    several, one = document("publishing published happy"), document("publishes happiness happily")
    index(several)
    index(one)
    remove(several.post_id)
    _, words, _ = stored()
    assert {"publishing", "published"} <= words
    remove(one.post_id)
    assert holds()


def test_many_terms_take_several_transactions() -> None:
    long = document(" ".join(f"word{number}x" for number in range(250)))
    index(long)
    assert holds(long)
    remove(long.post_id, 2)
    assert holds()


def test_an_older_version_never_replaces_a_newer_one() -> None:
    old = document("old text")
    new = document("new text", version=2, post_id=old.post_id)
    index(new)
    index(old)
    remove(old.post_id, 1)
    assert holds(new)
    remove(old.post_id, 3)
    index(new)
    assert holds()
    index(document("newest", version=4, post_id=old.post_id))
    remove(old.post_id)
    index(document("late", version=9, post_id=old.post_id))
    assert holds()


def test_a_post_that_was_never_indexed_is_not_brought_back_by_a_late_update() -> None:
    late = document("text")
    remove(late.post_id, 2)
    index(late)
    assert holds()


def test_what_is_done_already_takes_one_read() -> None:
    done = document("some text")
    index(done)
    made: list[str] = []
    with observed(lambda call: made.append(call.operation)):
        index(done)
    assert made == ["GetItem"]


def test_a_change_of_one_word_writes_one_word() -> None:
    text = " ".join(f"word{number % 50}x" for number in range(300))
    before = document(text)
    index(before)
    made: list[Call] = []
    with observed(made.append):
        index(document(f"{text} zebra", version=2, post_id=before.post_id))
    (transaction,) = [call for call in made if call.operation == "TransactWriteItems"]
    assert len(transaction.params["TransactItems"]) == 2


def test_a_new_tokenizer_indexes_the_same_version_again(monkeypatch: pytest.MonkeyPatch) -> None:
    post = document("publishing")
    index(post)
    vector = documents.vector_of(document("other"))
    monkeypatch.setattr(indexing, "vector_of", lambda _: vector)
    index(post)
    terms, _, _ = stored()
    assert {pk for pk, _ in terms} == {"TERM#other"}


def test_a_new_formula_moves_the_entries_of_the_same_version(monkeypatch: pytest.MonkeyPatch) -> None:
    post = document("a quick fox", title="Foxes")
    index(post)
    before, _, _ = stored()
    monkeypatch.setattr(vectors, "TYPICAL_LENGTH", 3.0)
    index(post)
    after, _, _ = stored()
    assert before != after
    assert holds(post)


type Step = Callable[[], None]


def in_order(*steps: Step) -> Step:
    """Do one step after the other."""

    def step() -> None:
        for each in steps:
            each()

    return step


def steps(post_id: str) -> dict[str, tuple[Step, Step, list[Document]]]:
    """What is there, what is done then, and what must be there in the end."""
    one = document("the quick brown fox jumps", post_id=post_id)
    two = document("the slow brown fox sleeps", version=2, post_id=post_id)
    return {
        "create": (lambda: None, lambda: index(one), [one]),
        "change": (lambda: index(one), lambda: index(two), [two]),
        "remove": (lambda: index(one), lambda: remove(post_id, 2), []),
        "bring back": (
            in_order(partial(index, one), partial(remove, post_id, 2)),
            lambda: index(Document(post_id, 3, "", (), one.text)),
            [Document(post_id, 3, "", (), one.text)],
        ),
    }


@pytest.mark.parametrize("name", ["create", "change", "remove", "bring back"])
def test_a_crash_before_any_write_is_repaired_by_the_next_run(name: str) -> None:
    crashed = 0
    for write in count():
        empty()
        before, step, wanted = steps(ids.new_id())[name]
        before()
        try:
            with observed(crash_before(write)):
                step()
        except Crash:
            crashed += 1
        step()
        assert holds(*wanted), write
        if crashed == write:
            break
    assert crashed >= 3


@pytest.mark.parametrize("name", ["create", "change", "remove", "bring back"])
def test_a_crash_is_repaired_by_an_update_to_another_version(name: str) -> None:
    for write in count():
        empty()
        post_id = ids.new_id()
        before, step, _ = steps(post_id)[name]
        before()
        try:
            with observed(crash_before(write)):
                step()
        except Crash:
            newest = document("a quick fox that sleeps", version=9, post_id=post_id)
            index(newest)
            assert holds(newest), write
        else:
            break


@dataclass
class Other:
    """Another worker that does a step, as a whole, before the n-th write of this one."""

    write: int
    step: Step
    came: bool = False

    def __call__(self, call: Call) -> None:
        self.write -= call.operation in WRITES
        if self.write < 0 and not self.came:
            self.came = True
            worker = threading.Thread(target=self.step)
            worker.start()
            worker.join()


@pytest.mark.exhaustive
@pytest.mark.parametrize("second", ["newer", "same", "older", "removed"])
@pytest.mark.parametrize("name", ["create", "change", "remove", "bring back"])
def test_another_worker_at_the_same_post_may_come_before_any_write(name: str, second: str) -> None:
    for write in count():
        empty()
        post_id = ids.new_id()
        before, step, wanted = steps(post_id)[name]
        before()
        newest = document("a quick fox that sleeps", version=9, post_id=post_id)
        others: dict[str, tuple[Step, list[Document]]] = {
            "newer": (partial(index, newest), [newest]),
            "same": (step, wanted),
            "older": (before, wanted),
            "removed": (partial(remove, post_id), []),
        }
        other, end = others[second]
        meanwhile = Other(write, other)
        with observed(meanwhile):
            step()
        if not meanwhile.came:
            break
        assert holds(*end), write
    assert write >= 3


class Turns:
    """Lets two workers take turns, a call of the table each, as a list of numbers says; then each as it comes."""

    def __init__(self, order: list[int]) -> None:
        self._order = order
        self._running = {0, 1}
        self._turn = threading.Condition()

    def run(self, number: int, step: Step) -> None:
        """Do a step, waiting for a turn before each call."""
        try:
            with observed(lambda _: self._wait(number)):
                step()
        finally:
            with self._turn:
                self._running.discard(number)
                self._turn.notify_all()

    def _wait(self, number: int) -> None:
        with self._turn:
            assert self._turn.wait_for(lambda: self._is_next(number), 60)
            if self._order:
                self._order.pop(0)
            self._turn.notify_all()

    def _is_next(self, number: int) -> bool:
        while self._order and self._order[0] not in self._running:
            self._order.pop(0)
        return not self._order or self._order[0] == number


@pytest.mark.exhaustive
@SHARED
@given(
    st.lists(st.integers(0, 1), max_size=30),
    st.tuples(st.sampled_from(["a b c", "b c d", ""]), st.sampled_from(["c d e", "a", ""])),
    st.sampled_from(["", "a c e"]),
)
def test_two_workers_at_one_post_leave_the_newer_version_in_any_order(
    order: list[int], texts: tuple[str, str], before: str
) -> None:
    empty()
    post_id = ids.new_id()
    bystander = document("a b", version=1)
    index(bystander)
    if before:
        index(document(before, post_id=post_id))
    versions = [document(text, version=version, post_id=post_id) for version, text in enumerate(texts, start=2)]

    def step(each: Document) -> Step:
        return lambda: index(each) if each.text else remove(post_id, each.version)

    run_both(order, [step(each) for each in versions])
    assert holds(bystander, *(each for each in versions[1:] if each.text))


@pytest.mark.exhaustive
@SHARED
@given(st.lists(st.integers(0, 1), max_size=30))
def test_a_word_that_one_post_loses_and_another_gets_at_once_is_not_lost(order: list[int]) -> None:
    empty()
    losing, getting = document("shared own"), document("shared other")
    index(losing)
    run_both(order, [lambda: remove(losing.post_id, 2), lambda: index(getting)])
    assert holds(getting)


def run_both(order: list[int], steps: list[Step]) -> None:
    """Run two workers at once, by turns."""
    failed: list[BaseException] = []

    def guarded(number: int, step: Step) -> None:
        try:
            turns.run(number, step)
        except BaseException as error:  # noqa: BLE001 (raised below, in the thread of the test)
            failed.append(error)

    turns = Turns(order)
    workers = [threading.Thread(target=guarded, args=each) for each in enumerate(steps)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed:
        raise failed[0]


def test_a_worker_that_keeps_being_overtaken_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> bool:
        return False

    monkeypatch.setattr(conditional, "save", never)
    with pytest.raises(Conflict):
        index(document("text"))
