"""How late chunks were, as counts: what is kept does not grow with what is served."""

from __future__ import annotations

_FINE, _FINE_STEPS = 1e-5, 10_000
"""Up to 0.1 s, lateness is counted in steps of 10 µs."""

_COARSE, _COARSE_STEPS = 1e-2, 6_000
"""Beyond, in steps of 10 ms, up to a minute; what is later is counted there."""


class Lateness:
    """Counts how late things were, in seconds.

    Attributes:
        count: how many were counted.
        max: the latest, in seconds.

    >>> lateness = Lateness()
    >>> for late in (0.001, 0.002, 0.5):
    ...     lateness.add(late)
    >>> round(lateness.percentile(0.5), 4), lateness.max
    (0.002, 0.5)
    """

    __slots__ = ("_counts", "count", "max")

    def __init__(self) -> None:
        self.count = 0
        self.max = 0.0
        self._counts = [0] * (_FINE_STEPS + _COARSE_STEPS + 1)

    def add(self, late: float) -> None:
        """Count one; what came early counts as in time."""
        if late > self.max:
            self.max = late
        step = int(late / _FINE) if late > 0 else 0
        if step >= _FINE_STEPS:
            step = _FINE_STEPS + min(int(late / _COARSE), _COARSE_STEPS)
        self.count += 1
        self._counts[step] += 1

    def percentile(self, share: float) -> float:
        """Return the lateness, in seconds, that this share of all does not exceed; 0.0 of none."""
        wanted = share * self.count
        seen = 0
        for step, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return min(self.max, _seconds(step))
        return self.max


def _seconds(step: int) -> float:
    """Return the upper end of a step."""
    if step < _FINE_STEPS:
        return max(0, step + 1) * _FINE
    return (step - _FINE_STEPS + 1) * _COARSE
