"""Medians, quantiles and how far they are to be trusted."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.sample import estimate, quantile, ratio

SAMPLES = st.lists(st.floats(min_value=0.001, max_value=1000), min_size=1, max_size=40)


@given(SAMPLES)
def test_a_median_lies_within_its_own_interval_and_the_interval_within_the_sample(sample: list[float]) -> None:
    found = estimate(sample)
    assert min(sample) <= found.low <= found.high <= max(sample)
    assert min(sample) <= found.value <= max(sample)


@given(SAMPLES, st.floats(min_value=0, max_value=1), st.floats(min_value=0, max_value=1))
def test_quantiles_rise_with_their_share(sample: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert quantile(sample, low) <= quantile(sample, high) + 1e-9


def test_a_quantile_between_two_values_lies_between_them_in_proportion() -> None:
    assert quantile([10, 20], 0.25) == 12.5
    assert quantile([3, 1, 2], 0.5) == 2


def test_an_empty_sample_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="empty"):
        quantile([], 0.5)


def test_the_same_sample_gives_the_same_interval() -> None:
    assert estimate([1, 5, 2, 8]) == estimate([1, 5, 2, 8])


def test_the_interval_of_a_ratio_holds_the_true_one_and_narrows_with_more_values() -> None:
    chance = random.Random(3)  # noqa: S311 (nothing secret)
    ours = [chance.gauss(20, 2) for _ in range(400)]
    theirs = [chance.gauss(10, 1) for _ in range(400)]
    found, few = ratio(ours, theirs), ratio(ours[:10], theirs[:10])
    assert found.low < 2 < found.high
    assert found.high - found.low < few.high - few.low
