"""The words that posts are found by."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.posts.search.tokenizer import MAX_WORD, fold, tokens

texts = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=200)
LATIN = "aáàâäãåçéèêëíîïñóôöõúûüýÿšžčřďťňǎǐǒőűąęłøæœßABCÅÉÖ"
GREEK_AND_CYRILLIC = "αάέήίόύώΣςσжйёїЙЁЖ"
DEVANAGARI = "कखगघचजटडतदनपबमयरलवशसह"


def terms(text: str) -> list[str]:
    return [token.term for token in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Publishing published publishes", ["publish", "publish", "publish"]),
        ("C++, c# and .NET; c++11", ["c++", "c#", "and", "net", "c++", "11"]),
        ("a#b page#section ++ #tag +1", ["a#", "b", "page", "section", "tag", "1"]),
        ("don’t the user's O'Brien l'homme", ["don", "the", "user", "o", "brien", "l", "homm"]),
        ("snake_case kebab-case node.js 3.14", ["snake", "case", "kebab", "case", "node", "js", "3", "14"]),
        ("Ångström Straße ﬁnn ２０２６ Łódź", ["angstrom", "strass", "finn", "2026", "lodz"]),
        ("ёлка Ёлка", ["елка", "елка"]),
        ("Σίσυφος ΣΊΣΥΦΟΣ", ["σισυφοσ", "σισυφοσ"]),
        ("soft\u00adhyphen zero\u200bwidth", ["softhyphen", "zero", "width"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("مُحَمَّد أحمد", ["محمد", "احمد"]),
        ("שָׁלוֹם", ["שלום"]),
        ("東京都庁へ", ["東京", "京都", "都庁", "庁へ", "へ"]),
        ("猫", ["猫"]),
        ("한국어", ["한국", "국어", "어"]),
        ("ﾊﾟｿｺﾝ", ["パソ", "ソコ", "コン", "ン"]),
        ("iPhone用 2026年", ["iphon", "用", "2026", "年"]),
        ("ไทย", ["ไท", "ทย", "ย"]),
        ("🦊 !? — …", []),
    ],
)
def test_text_is_split_into_words(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_query_does_not_look_for_the_last_character_of_a_run() -> None:
    assert [token.term for token in tokens("東京都", alone=False)] == ["東京", "京都"]
    assert [token.is_single for token in tokens("猫", alone=False)] == [True]


def test_decomposed_hangul_is_the_same() -> None:
    assert terms(unicodedata.normalize("NFD", "한국어 검색")) == terms("한국어 검색")


@given(texts)
def test_offsets_point_into_the_original_text(text: str) -> None:
    last = 0
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert token.start >= last
        last = token.start
        assert 0 < len(token.word) <= MAX_WORD
        assert token.term
        assert not any(char.isspace() for char in token.term)


@given(st.text(st.sampled_from(LATIN + GREEK_AND_CYRILLIC + DEVANAGARI + " -"), max_size=60))
def test_all_forms_of_a_text_have_the_same_words(text: str) -> None:
    forms = [terms(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    assert all(form == forms[0] for form in forms)
    assert terms(text.upper()) == terms(text.upper().lower())


@given(texts)
def test_a_word_is_folded_already(text: str) -> None:
    for token in tokens(text):
        assert fold(token.word) == token.word


@given(st.text(st.sampled_from(DEVANAGARI + "ािीुूेैोौ्ं"), max_size=20))
def test_vowel_signs_are_part_of_words(text: str) -> None:
    assert fold(text) == unicodedata.normalize("NFC", text)


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20), max_size=10))
def test_words_between_spaces_are_found_alone_as_in_a_text(words: list[str]) -> None:
    assert terms(" ".join(words)) == [term for word in words for term in terms(word)]


@pytest.mark.parametrize("text", ["x" * 200_000, "'a" * 100_000, "c+" * 100_000, "a\u0301" * 60_000, "漢" * 66_666])
def test_hostile_text_takes_linear_time(text: str) -> None:
    begun = time.process_time()
    longest = max((len(token.word) for token in tokens(text)), default=0)
    assert longest <= MAX_WORD
    assert time.process_time() - begun < 10
