"""Slugs: made from any title, unique, and found with few reads."""

import re
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.posts.slugs import MAX_LENGTH, SLUG, free, from_title, numbered


@given(st.text(max_size=200))
def test_every_title_has_a_slug(title: str) -> None:
    slug = from_title(title)
    assert re.fullmatch(SLUG, slug)
    assert not slug.startswith("-")
    assert not slug.endswith("-")
    assert "--" not in slug
    assert from_title(slug) == slug


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("Ça va? L'été à Zürich", "ca-va-lete-a-zurich"),
        ("Straße Øresund Łódź Æon", "strasse-oresund-lodz-aeon"),
        ("ﬁne № 1½", "fine-no-112"),
        ("C++ & C# 3.0", "c-c-3-0"),
        ("東京", "post"),
        ("---", "post"),
        ("a" * 100, "a" * 80),
        ("word " * 30, "word-" * 15 + "word"),
    ],
)
def test_titles_are_folded_to_ascii(title: str, slug: str) -> None:
    assert from_title(title) == slug


@given(st.from_regex(SLUG, fullmatch=True), st.integers(1, 10**9))
def test_a_numbered_slug_is_a_slug_that_ends_in_its_number(slug: str, number: int) -> None:
    found = numbered(slug, number)
    assert re.fullmatch(SLUG, found)
    assert found == slug if number == 1 else found.endswith(f"-{number}")


@pytest.mark.parametrize("posts", [0, 1, 2, 9, 10, 11, 15, 16, 17, 100, 1_000, 65_537, 1_000_000])
def test_the_first_free_number_is_found_with_few_reads(posts: int) -> None:
    taken = {numbered("slug", number) for number in range(1, posts + 1)}
    reads = []

    def read(slugs: Collection[str]) -> set[str]:
        assert len(slugs) <= 100
        reads.append(slugs)
        return taken.intersection(slugs)

    assert free("slug", read) == numbered("slug", posts + 1)
    assert len(reads) <= 8


@given(st.sets(st.integers(1, 60)), st.integers(0, 5))
def test_what_is_found_is_free_whatever_is_taken(numbers: set[int], skip: int) -> None:
    taken = {numbered("slug", number) for number in numbers}
    assert free("slug", taken.intersection, skip) not in taken


def test_the_number_of_a_long_slug_replaces_its_end() -> None:
    slug = numbered("a" * MAX_LENGTH, 123)
    assert (len(slug), slug[-5:]) == (MAX_LENGTH, "a-123")
