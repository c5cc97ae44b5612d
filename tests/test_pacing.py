"""Pacing changes times by the rule and data never; no clock is needed to see it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseparse.recording import Read, Recording
from sseparse.replay import max_gap, schedule, speed

READS = (Read(2.0, b"a"), Read(2.0, b"b"), Read(2.25, b"c"), Read(10.25, b"d"))

recordings = st.lists(
    st.tuples(st.floats(0, 1000, allow_subnormal=False), st.binary(max_size=3)), max_size=20
).map(lambda reads: tuple(itertools.starmap(Read, sorted(reads))))
factors = st.floats(1e-3, 1e3)
gaps = st.floats(0, 100, allow_subnormal=False)


def times(reads: Iterable[Read]) -> list[float]:
    return [read.time for read in reads]


def test_speed_divides_the_times() -> None:
    assert times(speed(READS, 4.0)) == [0.5, 0.5, 0.5625, 2.5625]
    assert times(speed(READS, 0.5)) == [4.0, 4.0, 4.5, 20.5]


def test_infinite_speed_puts_all_at_once() -> None:
    assert times(speed(READS, math.inf)) == [0.0, 0.0, 0.0, 0.0]


def test_speed_one_changes_nothing() -> None:
    assert tuple(speed(READS, 1.0)) == READS


def test_gaps_that_are_too_long_are_shortened_and_others_stay() -> None:
    assert times(max_gap(READS, 1.0)) == [1.0, 1.0, 1.25, 2.25]


def test_no_gap_at_all_puts_all_at_once() -> None:
    assert times(max_gap(READS, 0.0)) == [0.0, 0.0, 0.0, 0.0]


def test_gaps_that_are_short_enough_change_nothing() -> None:
    assert tuple(max_gap(READS, 8.0)) == READS
    assert tuple(max_gap(READS, math.inf)) == READS


def test_the_schedule_shortens_gaps_before_it_changes_the_speed() -> None:
    # The other way round the gap of 8 s, at 4 times the speed, would be left as it is: 2 s.
    assert times(schedule(READS, speed=4.0, max_gap=1.0)) == [0.25, 0.25, 0.3125, 0.5625]
    assert times(max_gap(speed(READS, 4.0), 1.0)) == [0.5, 0.5, 0.5625, 1.5625]


def test_a_schedule_without_options_is_the_recording() -> None:
    assert tuple(schedule(Recording(READS))) == tuple(schedule(READS)) == READS


@given(recordings, factors, gaps)
def test_a_schedule_is_max_gap_and_then_speed(
    reads: tuple[Read, ...], factor: float, seconds: float
) -> None:
    expected = list(speed(max_gap(reads, seconds), factor))
    assert list(schedule(reads, speed=factor, max_gap=seconds)) == expected
    assert list(schedule(Recording(reads), speed=factor, max_gap=seconds)) == expected
    assert list(schedule(reads, speed=factor)) == list(speed(reads, factor))


@given(recordings, factors, gaps)
def test_pacing_keeps_the_data_and_the_order_and_changes_no_input(
    reads: tuple[Read, ...], factor: float, seconds: float
) -> None:
    recording = Recording(reads)
    paced = list(schedule(recording, speed=factor, max_gap=seconds))
    assert [read.data for read in paced] == [read.data for read in reads]
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(times(paced)))
    assert recording == Recording(reads)
    assert paced == list(schedule(recording, speed=factor, max_gap=seconds))


@given(recordings, gaps)
def test_every_gap_is_the_old_one_or_the_longest_allowed(
    reads: tuple[Read, ...], seconds: float
) -> None:
    before = [0.0, *times(reads)]
    after = [0.0, *times(max_gap(reads, seconds))]
    for (a, b), (x, y) in zip(itertools.pairwise(before), itertools.pairwise(after), strict=True):
        assert y - x == pytest.approx(min(b - a, seconds), abs=1e-9)


@pytest.mark.parametrize("factor", [0.0, -1.0, -math.inf, math.nan])
def test_a_speed_not_above_zero_is_refused_at_once(factor: float) -> None:
    with pytest.raises(ValueError, match=r"speed is .*; it must be above 0"):
        speed(READS, factor)
    with pytest.raises(ValueError, match="speed is"):
        schedule(READS, speed=factor)


@pytest.mark.parametrize("seconds", [-0.001, -math.inf, math.nan])
def test_a_gap_below_zero_is_refused_at_once(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"max_gap is .*; it counts seconds, from 0 up"):
        max_gap(READS, seconds)
    with pytest.raises(ValueError, match="max_gap is"):
        schedule(READS, max_gap=seconds)


@pytest.mark.parametrize(
    "transform",
    [
        lambda reads: speed(reads, 2.0),
        lambda reads: max_gap(reads, 1.0),
        lambda reads: schedule(reads, speed=2.0, max_gap=1.0),
    ],
)
def test_pacing_is_lazy(transform: Callable[[Iterator[Read]], Iterator[Read]]) -> None:
    taken = 0

    def endless() -> Iterator[Read]:
        nonlocal taken
        for number in itertools.count():
            taken += 1
            yield Read(float(number), b"x")

    paced = transform(endless())
    assert taken == 0
    next(paced)
    next(paced)
    assert taken == 2
