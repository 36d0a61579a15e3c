"""What the index holds of a post, and how much each word weighs."""

from hypothesis import given
from hypothesis import strategies as st

from lamina import ids
from lamina.posts.search import vectors
from lamina.posts.search.documents import Document, vector_of
from lamina.posts.search.items import posting
from lamina.posts.search.vectors import (
    LEVELS,
    TYPICAL_LENGTH,
    WORD,
    Vector,
    decode,
    encode,
    weight_of,
)

texts = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=300)
documents = st.builds(Document, st.just("x"), st.just(1), texts, st.lists(texts, max_size=5), texts)


def of(title: str = "", tags: str = "", text: str = "") -> Vector:
    return vector_of(Document("x", 1, title, tags.split(), text))


def weight(vector: Vector) -> float:
    return vector.weight("zebra", TYPICAL_LENGTH)


@given(documents)
def test_a_vector_is_stored_whole(document: Document) -> None:
    vector = vector_of(document)
    assert decode(encode(vector)) == vector


@given(documents)
def test_entries_fit_into_keys_and_levels_into_three_digits(document: Document) -> None:
    for entry in vector_of(document).entries():
        assert entry[1] == WORD or 0 <= entry[1] <= LEVELS
        item = posting(entry, ids.new_id())
        assert len(item.pk.encode()) <= 2048


@given(st.integers(1, 50), st.integers(1, 2000), st.integers(1, 50), st.integers(0, 2000))
def test_the_title_outweighs_a_tag_and_a_tag_any_number_of_occurrences(
    often: int, length: int, title: int, other: int
) -> None:
    content = of(text="zebra " * often + "horse " * length)
    tagged = of(tags="zebra", text="horse " * other)
    titled = of(title="zebra " * title, text="horse " * other)
    assert weight(titled) > weight(tagged) > weight(content) > 0


def test_more_occurrences_weigh_more_and_long_contents_less() -> None:
    assert weight(of(text="zebra zebra horse")) > weight(of(text="zebra horse horse"))
    assert weight(of(text="zebra " + "horse " * 10)) > weight(of(text="zebra " + "horse " * 100))


def test_a_level_stands_for_about_the_weight() -> None:
    vector = of(text="zebra " * 3 + "horse " * 297)
    (level,) = [level for term, level in vector.entries() if term == "zebra" and level != WORD]
    assert abs(weight_of(level) - weight(vector)) < 0.05 * weight(vector)


def test_a_small_change_of_a_long_text_moves_few_entries() -> None:
    text = " ".join(f"word{number % 400}x" for number in range(2000))
    before, after = of(text=text).entries(), of(text=f"{text} zebra").entries()
    assert after - before == {entry for entry in after if entry[0] == "zebra"}
    assert not before - after


def test_forms_of_a_word_are_found_by_their_beginnings() -> None:
    entries = of(text="publishing published").entries()
    assert {word for word, level in entries if level == WORD} == {"publishing", "published"}
    assert {term for term, level in entries if level != WORD} == {"publish"}


def test_of_too_many_terms_the_weightiest_and_first_are_kept() -> None:
    words = [f"w{number:06}" for number in range(vectors.MAX_TERMS + 500)]
    vector = of(title=words[-1], text=" ".join([*words, words[-2]]))
    assert len(vector.terms) == vectors.MAX_TERMS
    assert {words[0], words[-1], words[-2]} <= vector.terms.keys()
    assert words[-3] not in vector.terms


def test_the_largest_vector_fits_into_an_item() -> None:
    words = [chr(0x4E00 + number * 7 % 20_000) + chr(0x4E00 + number * 13 % 20_000) for number in range(30_000)]
    vector = vector_of(Document("x", 1, "", (), " ".join(words)))
    assert len(encode(vector)) + len(vectors.pack(sorted(vector.entries()))) < 300_000
