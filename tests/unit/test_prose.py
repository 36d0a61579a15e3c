"""The lint of texts finds openings and phrases that are not plain technical English, and accepts others."""

import pytest

from docs.prose import INSTEAD, faults


@pytest.mark.parametrize("word", INSTEAD)
@pytest.mark.parametrize("source", ['"""{} it."""', 'def f():\n    """{}s it."""', 'X = 1\n"""{} it."""'])
def test_a_docstring_with_an_unclear_opening_is_reported_with_its_line_and_what_to_write(
    word: str, source: str
) -> None:
    assert [(line, INSTEAD[word] in advice) for line, advice in faults(source.format(word))] == [
        (source.count("\n") + 1, True)
    ]


@pytest.mark.parametrize("text", ["It is written anew.", "so many users", "Caught mail", "the laptop's stack"])
def test_an_unclear_phrase_of_a_docstring_or_of_a_printed_text_is_reported_with_its_line(text: str) -> None:
    assert [line for line, _ in faults(f'"""First line.\n\n{text}\n"""')] == [3]
    assert [line for line, _ in faults(f'x = 1\nprint(f"{{x}}: {text}")')] == [2]


@pytest.mark.parametrize(
    "source", ['"""Return it; give nothing."""', 'x = "Give it"', '"""Maker of it."""', "# Give it"]
)
def test_other_strings_and_comments_pass(source: str) -> None:
    assert list(faults(source)) == []
