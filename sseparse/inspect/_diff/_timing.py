"""Differences in time: the figures of two streams side by side, and when their reads came."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from sseparse.inspect._diff._differences import Difference
from sseparse.inspect._distribution import Distribution
from sseparse.inspect._metrics import TIMES, Metrics, metrics
from sseparse.inspect._walk import Recorded

RATES = ("events_per_second", "tokens_per_second")
"""Figures that are no seconds, and follow from those that are."""


@attrs.frozen
class Figure:
    """A figure of both streams.

    Attributes:
        name: its name in ``Metrics``; ``"icl.p50"`` and the like for a part of one.
        a: what it is in the first recording, or None where that does not tell.
        b: what it is in the second.
    """

    name: str
    a: float | None
    b: float | None


def figures(a: Recorded, b: Recorded) -> tuple[Figure, ...]:
    """Return all figures that need times, and how late each read of the second came."""
    first, second = metrics(a), metrics(b)
    numbers = dict(_numbers(first)), dict(_numbers(second))
    return tuple(Figure(name, value, numbers[1][name]) for name, value in numbers[0].items())


def _numbers(measured: Metrics) -> Iterator[tuple[str, float | None]]:
    for name in TIMES:
        if name != "icl":
            yield name, getattr(measured, name)
            continue
        for part in attrs.fields(Distribution):
            if part.name != "count":
                icl = measured.icl
                yield f"icl.{part.name}", None if icl is None else getattr(icl, part.name)


def timing_differences(
    a: Recorded, b: Recorded, compared: tuple[Figure, ...], tolerance: float
) -> Iterator[Difference]:
    """Yield the figures that differ by more than the tolerance, and the reads that do."""
    for figure in compared:
        if figure.name in RATES or figure.a is figure.b is None:
            continue
        if figure.a is None or figure.b is None or abs(figure.a - figure.b) > tolerance:
            yield Difference(figure.name, figure.a, figure.b)
    yield from _reads(a, b, tolerance)


def _reads(a: Recorded, b: Recorded, tolerance: float) -> Iterator[Difference]:
    """Yield the first read that is cut elsewhere, or else the one whose time is furthest off."""
    offset = 0
    worst: tuple[float, int, float, float] | None = None
    ours, theirs = iter(a.reads), iter(b.reads)
    while True:
        one, other = next(ours, None), next(theirs, None)
        if one is None and other is None:
            break
        size_a, size_b = (None if read is None else len(read.data) for read in (one, other))
        if one is None or other is None or size_a != size_b:
            yield Difference("bytes of the read", size_a, size_b, offset_a=offset, offset_b=offset)
            return
        late = abs(other.time - one.time)
        if late > tolerance and (worst is None or late > worst[0]):
            worst = late, offset, one.time, other.time
        offset += len(one.data)
    if worst is not None:
        _, at, one_time, other_time = worst
        yield Difference("time of the read", one_time, other_time, offset_a=at, offset_b=at)
