"""Pacing: pure functions from timed reads to timed reads.

No clock, no waiting: a transform changes the times and never the data, lazily and in one pass, so
that it works on a stream that is still to come and is tested without sleeping.

The order in which ``schedule`` applies them is fixed: first ``max_gap``, then ``speed``. So the gap
is a length of time in the recording, whatever the speed: at double speed, a ``max_gap`` of one
second lets at most half a second pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sseparse.recording import Read, Recording


def speed(reads: Iterable[Read], factor: float) -> Iterator[Read]:
    """Let time pass faster or slower.

    Args:
        reads: timed reads, in order.
        factor: above 0. 2.0 is twice as fast, 0.5 half as fast; ``math.inf`` puts all at time 0.

    Raises:
        ValueError: at once, when the factor is not above 0.

    >>> list(speed([Read(1.0, b"a")], 4.0))
    [Read(time=0.25, data=b'a')]
    """
    if not factor > 0:  # so put, NaN is refused too
        raise ValueError(f"speed is {factor}; it must be above 0 (inf: without waiting)")
    return (Read(read.time / factor, read.data) for read in reads)


def max_gap(reads: Iterable[Read], seconds: float) -> Iterator[Read]:
    """Shorten every gap that is longer than this, also the one before the first read.

    Args:
        reads: timed reads, in order.
        seconds: the longest gap to leave, from 0 up. Shorter gaps stay as they are.

    Raises:
        ValueError: at once, when ``seconds`` is below 0.

    >>> list(max_gap([Read(9.0, b"a"), Read(9.25, b"b")], 0.5))
    [Read(time=0.5, data=b'a'), Read(time=0.75, data=b'b')]
    """
    if not seconds >= 0:
        raise ValueError(f"max_gap is {seconds}; it counts seconds, from 0 up")
    return _max_gap(reads, seconds)


def _max_gap(reads: Iterable[Read], seconds: float) -> Iterator[Read]:
    # Times are not summed up from gaps: rounding would add up too, and reads that nothing was
    # removed before would no longer be equal to what they were.
    removed = previous = 0.0
    for read in reads:
        time = read.time - removed
        if time - previous > seconds:
            time = previous + seconds
            removed = read.time - time
        previous = time
        yield Read(time, read.data)


# The parameters of `schedule` have the names people know, and hide the functions.
_speed, _shorten_gaps = speed, max_gap


def schedule(
    recording: Recording | Iterable[Read], *, speed: float = 1.0, max_gap: float | None = None
) -> Iterator[Read]:
    """Return the reads at the times they are to be played: ``max_gap`` first, then ``speed``.

    Args:
        recording: a recording or timed reads, in order.
        speed: see ``speed``.
        max_gap: see ``max_gap``; None leaves all gaps as they are.

    Raises:
        ValueError: at once, when an option is out of its range.

    >>> list(schedule([Read(9.0, b"a")], speed=2.0, max_gap=0.5))
    [Read(time=0.25, data=b'a')]
    """
    reads: Iterable[Read] = recording.reads if isinstance(recording, Recording) else recording
    if max_gap is not None:
        reads = _shorten_gaps(reads, max_gap)
    return _speed(reads, speed)
