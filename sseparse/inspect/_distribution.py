"""How values are distributed: a few percentiles, and the mean."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import attrs


@attrs.frozen
class Distribution:
    """What a set of values looks like.

    Percentiles are interpolated linearly between the two nearest values, as NumPy and spreadsheets
    do by default.

    Attributes:
        count: how many values there are.
        mean: their average, in seconds, as all that follow.
        p50: half of them are at most this.
        p95: 95 of 100 are.
        p99: 99 of 100 are.
        max: the largest.

    >>> Distribution.of([1.0, 2.0, 3.0, 4.0]).p50
    2.5
    """

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Distribution | None:
        """Return how the values are distributed, or None where there are none."""
        if not values:
            return None
        if len(values) == 1:  # which quantiles() of Python before 3.13 refuses
            (only,) = values
            return cls(1, only, only, only, only, only)
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        mean = statistics.fmean(values)
        return cls(len(values), mean, cuts[49], cuts[94], cuts[98], max(values))
