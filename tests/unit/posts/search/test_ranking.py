"""Searching posts, compared with scoring every post."""

import math
import random
from itertools import combinations

import pytest

from lamina import ids
from lamina.posts.search import matching, ranking, statistics
from lamina.posts.search.documents import Document
from lamina.posts.search.indexing import index, remove
from lamina.posts.search.items import PostTermItem, posting
from lamina.posts.search.ranking import Hit, search
from lamina.storage.cursors import Cursor
from lamina.storage.pages import Page, page_of
from lamina.storage.parallel import threads
from lamina.storage.sharded_list import Chunk
from lamina.storage.transport import Call
from tests.unit.posts.search.conftest import document, observed

VOCABULARY = ["apple", "bread", "cloud", "dream", "eagle", "flame", "grape", "hotel"]
START = Cursor("")


def found(query: str, limit: int = 100) -> list[str]:
    return [hit.post_id for hit in search(query, limit, START).items]


def fill(number: int, seed: int = 1) -> list[Document]:
    chance = random.Random(seed)  # noqa: S311 (examples, not secrets)
    documents = [
        document(
            " ".join(chance.choices(VOCABULARY, weights=range(1, 9), k=chance.randint(1, 30))),
            title=chance.choice([*VOCABULARY, "other"]),
            tags=tuple({chance.choice([*VOCABULARY, "other"]) for _ in range(2)}),
        )
        for _ in range(number)
    ]
    for each in documents:
        index(each)
    return documents


def scored(documents: list[Document], query: str) -> list[Hit]:
    """Score every document: BM25 (k1 = 1.2, b = 0.75) of title, tags and content, times the share of the words."""
    lengths = [len(each.text.split()) for each in documents]
    average = sum(lengths) / len(lengths)
    words = query.split()

    def saturated(count: int, norm: float = 1.0) -> float:
        return count * 2.2 / (count + 1.2 * norm)

    def weight(each: Document, word: str) -> float:
        norm = 0.25 + 0.75 * len(each.text.split()) / average
        in_title, in_tags = each.title.split().count(word), list(each.tags).count(word)
        return 3.5 * saturated(in_title) + 2.25 * saturated(in_tags) + saturated(each.text.split().count(word), norm)

    scores = []
    for each in documents:
        total, matched = 0.0, 0
        for word in words:
            having = sum(weight(other, word) > 0 for other in documents)
            total += math.log(1 + (len(documents) - having + 0.5) / (having + 0.5)) * weight(each, word)
            matched += weight(each, word) > 0
        scores.append(Hit(round(total * (matched / len(words)) ** matching.COVERAGE, 4), each.post_id))
    return sorted((hit for hit in scores if hit.score), reverse=True)


def pages(query: str, limit: int) -> list[Page[Hit]]:
    """All pages of a query."""
    gone_through = [page_of(search(query, limit, START), START)]
    while gone_through[-1].has_more:
        cursor = Cursor(gone_through[-1].last)
        gone_through.append(page_of(search(query, limit, cursor), cursor))
    return gone_through


@pytest.mark.exhaustive
def test_the_ranking_is_that_of_scoring_every_post() -> None:
    documents = fill(40)
    statistics.refresh()
    queries = [" ".join(words) for count in (1, 2, 3) for words in combinations(VOCABULARY, count)]
    for query in queries:
        hits, wanted = search(query, 100, START).items, scored(documents, query)
        assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in wanted], abs=2e-4), query
        assert {hit.post_id for hit in hits} == {hit.post_id for hit in wanted}
        for hit, other in zip(hits, wanted, strict=True):
            assert hit.post_id == other.post_id or abs(hit.score - other.score) < 2e-4


def test_pages_are_the_ranking_in_parts_and_lead_back() -> None:
    fill(15)
    whole = search("apple hotel", 100, START).items
    for limit in (1, 4, len(whole)):
        parts = pages("apple hotel", limit)
        assert [hit for page in parts for hit in page.items] == whole
        for number in range(1, len(parts)):
            assert parts[number].has_previous
            cursor = Cursor(parts[number].first, backwards=True)
            back = page_of(search("apple hotel", limit, cursor), cursor)
            assert back.items == parts[number - 1].items
            assert (back.has_more, back.has_previous) == (True, number > 1)


def test_far_pages_come_in_windows_and_the_ranking_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(30)
    every = set(found("hotel grape"))
    assert len(every) >= 25
    monkeypatch.setattr(ranking, "WINDOW", 4)
    for limit in (3, 5):
        hits = [hit.post_id for page in pages("hotel grape", limit) for hit in page.items]
        assert len(hits) == len(set(hits))
        assert set(hits) == every
    parts = pages("hotel grape", 3)
    last = parts[-1]
    back: list[str] = []
    while last.has_previous:
        cursor = Cursor(last.first, backwards=True)
        last = page_of(search("hotel grape", 3, cursor), cursor)
        back[:0] = [hit.post_id for hit in last.items]
    assert back == [hit.post_id for page in parts[:-1] for hit in page.items]
    monkeypatch.setattr(ranking, "DEPTH", 8)
    assert sum(len(page.items) for page in pages("hotel grape", 3)) == 8


def test_a_cursor_stays_valid_when_posts_come_and_go() -> None:
    fill(20)
    statistics.refresh()
    first = search("hotel", 5, START)
    rest = [hit.post_id for hit in search("hotel", 100, Cursor(first.last)).items]
    remove(first.items[-1].post_id)
    remove(rest[0])
    index(document("nothing of it"))
    assert [hit.post_id for hit in search("hotel", 100, Cursor(first.last)).items] == rest[1:]


def test_the_best_are_found_although_few_entries_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(30)
    wanted = found("eagle", 3)
    monkeypatch.setattr(matching, "READ", 10)
    made: list[Call] = []
    in_this_thread(monkeypatch)
    with observed(made.append):
        assert found("eagle", 3) == wanted
    assert {call.params.get("Limit", 0) for call in made if call.operation == "Query"} == {10, matching.READ_WORDS}
    assert len([call for call in made if call.operation == "BatchGetItem"]) == 1


def in_this_thread(patched: pytest.MonkeyPatch) -> None:
    """Let parallel reads be made by this thread, whose calls are observed."""
    patched.setattr(threads, "submit", lambda function, *args: Done(function(*args)))
    patched.setattr(threads, "map", lambda function, *lists: list(map(function, *lists)))


class Done:
    """A future that is done."""

    def __init__(self, value: object) -> None:
        self._value = value

    def result(self) -> object:
        return self._value


def test_words_in_title_then_tags_then_content() -> None:
    content = document("zebra zebra zebra")
    titled = document("a horse " * 200, title="Zebras")
    tagged = document("a horse", tags=("zebra",))
    for each in (content, titled, tagged):
        index(each)
    assert found("zebra") == [titled.post_id, tagged.post_id, content.post_id]


def test_posts_with_all_words_come_first() -> None:
    one, both = document("apple apple apple"), document("apple and bread with a cloud")
    other = document("bread bread bread bread")
    for each in (one, both, other):
        index(each)
    assert found("apple bread")[0] == both.post_id
    assert set(found("apple bread")) == {one.post_id, both.post_id, other.post_id}


def test_parts_of_a_word_belong_together() -> None:
    node = document("a server in node.js")
    other = document("a node in a graph")
    index(node)
    index(other)
    assert found("node.js") == [node.post_id]
    assert set(found("node js")) == {node.post_id, other.post_id}


def test_scripts_without_spaces_are_found_by_any_part() -> None:
    tokyo, kyoto = document("東京都庁へ行く"), document("京都へ行く")
    index(tokyo)
    index(kyoto)
    assert found("東京都") == [tokyo.post_id]
    assert set(found("京都")) == {tokyo.post_id, kyoto.post_id}
    assert set(found("京")) == {tokyo.post_id, kyoto.post_id}
    assert found("京 庁") == [tokyo.post_id, kyoto.post_id]
    assert found("大阪") == []


def test_only_the_last_word_may_be_a_beginning() -> None:
    post = document("publishing a newsletter")
    index(post)
    for query in ("p", "pub", "publishi", "newsl", "a publi", "publish news", "PUBLISHED"):
        assert found(query) == [post.post_id], query
    for query in ("ublish", "publicity", "newsletters-x"):
        assert found(query) == [], query
    assert found("newsl nothing") == []


def test_a_whole_word_comes_before_one_that_begins_like_it() -> None:
    longer, exact = document("cargo cargo"), document("a car and a road")
    index(longer)
    index(exact)
    assert found("car") == [exact.post_id, longer.post_id]


def test_the_beginning_of_many_words_takes_a_bounded_number_of_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(f"prefix{number:03}" for number in range(250))
    post = document(text)
    index(post)
    made: list[Call] = []
    in_this_thread(monkeypatch)
    with observed(made.append):
        assert found("prefix") == [post.post_id]
    assert len(made) <= matching.COMPLETIONS + 4


def test_a_long_query_is_cut() -> None:
    first, late = document("word3x"), document("word13x")
    index(first)
    index(late)
    assert found(" ".join(f"word{number}x" for number in range(500))) == [first.post_id]


@pytest.mark.parametrize("query", ["", " ", "!?", "🦊", "-"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    index(document("text"))
    assert search(query, 10, START) == Chunk([], "", "", more=False)


def test_entries_without_a_vector_are_no_hits() -> None:
    post = document("zebra")
    index(post)
    for post_id, entry in ((ids.new_id(), ("zebra", 4000)), (post.post_id, ("horse", 4000))):
        item = posting(entry, post_id)
        item.update([PostTermItem.kind.set(PostTermItem)], add_version_condition=False)
    assert found("zebra") == [post.post_id]
    assert found("horse") == []


def test_a_word_that_every_post_has_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = [document("common " * number) for number in (1, 3, 2)]
    for each in posts:
        index(each)
    known = statistics.Statistics(10**7, 5.0, {"common": 10**7})
    monkeypatch.setattr(statistics, "current", lambda: known)
    monkeypatch.setattr(matching, "READ", 2)
    assert found("common") == [posts[1].post_id, posts[2].post_id]


def test_of_equal_posts_the_newest_comes_first() -> None:
    posts = [document("zebra") for _ in range(3)]
    for each in posts:
        index(each)
    assert found("zebra") == sorted((each.post_id for each in posts), reverse=True)
