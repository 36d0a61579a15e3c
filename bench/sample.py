"""Statistics of a sample: medians and confidence intervals."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

RESAMPLES = 400
LOW, HIGH = 0.025, 0.975


@dataclass(frozen=True)
class Estimate:
    """A median with its spread.

    Attributes:
        value: the median.
        low: lower end of the 95 % interval.
        high: upper end of the 95 % interval.
    """

    value: float
    low: float
    high: float


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile of a sample, with linear interpolation.

    Raises:
        ValueError: if the sample is empty.
    """
    if not values:
        raise ValueError("an empty sample has no quantiles")
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def estimate(values: Sequence[float], seed: int = 1) -> Estimate:
    """Return the median of a sample and its 95 % bootstrap interval (Efron, 1979); deterministic for a sample."""
    chance = random.Random(seed)  # noqa: S311 (nothing secret)
    medians = [median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES)]
    return Estimate(median(values), quantile(medians, LOW), quantile(medians, HIGH))


def ratio(ours: Sequence[float], theirs: Sequence[float], seed: int = 1) -> Estimate:
    """Return the ratio of two medians of samples that were taken in turns, with its 95 % bootstrap interval."""
    chance = random.Random(seed)  # noqa: S311 (nothing secret)

    def resampled(values: Sequence[float]) -> float:
        return median(chance.choices(values, k=len(values)))

    ratios = [resampled(ours) / resampled(theirs) for _ in range(RESAMPLES)]
    return Estimate(median(ours) / median(theirs), quantile(ratios, LOW), quantile(ratios, HIGH))
