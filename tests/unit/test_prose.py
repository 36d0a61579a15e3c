"""The lint of docstrings finds openings that are not plain technical English, and leaves others alone."""

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


@pytest.mark.parametrize(
    "source", ['"""Return it; give nothing."""', 'x = "Give it"', '"""Maker of it."""', "# Give it"]
)
def test_other_strings_and_comments_pass(source: str) -> None:
    assert list(faults(source)) == []
