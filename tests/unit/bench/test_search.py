"""The quality of the search of posts, on a small corpus; `make search-quality` measures a large one."""

import pytest

from bench.search.quality import REQUIRED, measure


@pytest.mark.exhaustive
def test_searches_find_the_best_posts() -> None:
    memory, found = measure(2_000, 30, seed=7)
    assert memory.statistics.posts == 2_000
    assert {each.words: each.overlap >= REQUIRED[each.words] for each in found} == dict.fromkeys(REQUIRED, True)
