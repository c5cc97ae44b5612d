"""Pacing that gives a stream other times: steady, at a rate, from another first token, or uneven.

Like all of pacing these are pure functions that change times and never data. What they do not speak
of stays: a rate leaves the time of the first read, and the first token leaves the pace of the rest.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from sseparse.assembly import Assembler, Delta
from sseparse.recording import Read
from sseparse.replay._blocks import event_blocks, event_deltas

_TEXTS = frozenset(["content", "reasoning", "refusal", "tool_call", "arguments", "audio"])
"""The deltas that are made of what a model writes, token by token."""


def interval(reads: Iterable[Read], seconds: float) -> tuple[Read, ...]:
    """Give every read the same distance from the one before; the first keeps its time.

    Raises:
        ValueError: ``seconds`` is below 0, or has no end.

    >>> interval([Read(1.0, b"a"), Read(1.5, b"b"), Read(9.0, b"c")], 0.25)
    (Read(time=1.0, data=b'a'), Read(time=1.25, data=b'b'), Read(time=1.5, data=b'c'))
    """
    if not 0 <= seconds < math.inf:
        raise ValueError(f"interval is {seconds}; it counts seconds, from 0 up")
    reads = tuple(reads)
    start = reads[0].time if reads else 0.0
    return tuple(Read(start + number * seconds, read.data) for number, read in enumerate(reads))


def rate(reads: Iterable[Read], events_per_second: float) -> tuple[Read, ...]:
    r"""Let the events come at a steady rate; the first read keeps its time.

    A read comes when the event is due that its last byte belongs to. To have one read an event,
    ``rechunk`` to ``"events"`` before.

    Raises:
        ValueError: ``events_per_second`` is not above 0.

    >>> [read.time for read in rate([Read(1.0, b"data: 1\n\n"), Read(9.0, b"data: 2\n\n")], 4.0)]
    [1.0, 1.25]
    """
    if not events_per_second > 0:
        raise ValueError(f"rate is {events_per_second}; it counts events per second, above 0")
    reads = tuple(reads)
    blocks = event_blocks(_body(reads))
    return _at(reads, [number / events_per_second for number in range(len(blocks))])


def token_rate(reads: Iterable[Read], tokens_per_second: float) -> tuple[Read, ...]:
    """Let the tokens come at a steady rate; the first read keeps its time.

    How many tokens an event holds, no provider says. Where the stream tells its output tokens they
    are divided among the events by the length of their texts; where it does not, an event with text
    is one token. Events without text take no time.

    Raises:
        ValueError: ``tokens_per_second`` is not above 0.
    """
    if not tokens_per_second > 0:
        raise ValueError(f"token_rate is {tokens_per_second}; it counts tokens per second, above 0")
    reads = tuple(reads)
    tokens = list(itertools.accumulate(_tokens(_body(reads))))
    first = next((total for total in tokens if total), 0.0)
    return _at(reads, [max(0.0, total - first) / tokens_per_second for total in tokens])


def ttft(reads: Iterable[Read], seconds: float) -> tuple[Read, ...]:
    """Let the first token (text of any kind) come at this time.

    What comes before it is drawn out or pressed together; what comes after keeps its distance. In a
    stream without text, the first event counts.

    Raises:
        ValueError: ``seconds`` is below 0, or has no end.
    """
    if not 0 <= seconds < math.inf:
        raise ValueError(f"ttft is {seconds}; it counts seconds, from 0 up")
    reads = tuple(reads)
    if not reads:
        return reads
    number = _read_of_the_first_token(reads)
    was = reads[number].time
    return (
        *(Read(seconds * (read.time / was if was else 0.0), read.data) for read in reads[:number]),
        *(Read(seconds + (read.time - was), read.data) for read in reads[number:]),
    )


def jitter(reads: Iterable[Read], share: float, seed: int = 0) -> tuple[Read, ...]:
    """Make every gap longer or shorter by chance, the one before the first read too.

    Args:
        reads: timed reads, in order.
        share: from 0 to 1; at 0.2 a gap becomes 0.8 to 1.2 times as long, evenly distributed.
        seed: the same seed gives the same times.

    Raises:
        ValueError: ``share`` is below 0 or above 1.

    >>> jitter([Read(1.0, b"a")], 0.0)
    (Read(time=1.0, data=b'a'),)
    """
    if not 0 <= share <= 1:
        raise ValueError(f"jitter is {share}; it is a share of each gap, from 0 to 1")
    reads = tuple(reads)
    if not share:
        return reads
    from random import Random  # 5 ms to import, and few replays leave anything to chance

    source = Random(seed)  # noqa: S311 (chance that can be repeated)
    gaps = [after - before for before, after in itertools.pairwise([0.0, *_times(reads)])]
    times = itertools.accumulate(gap * source.uniform(1 - share, 1 + share) for gap in gaps)
    return tuple(Read(time, read.data) for time, read in zip(times, reads, strict=True))


def _body(reads: Iterable[Read]) -> bytes:
    return b"".join([read.data for read in reads])


def _times(reads: Iterable[Read]) -> list[float]:
    return [read.time for read in reads]


def _at(reads: Sequence[Read], after: Sequence[float]) -> tuple[Read, ...]:
    """Time each read by the event its last byte is in: so many seconds after the first read."""
    if not reads or not after:
        return tuple(reads)
    ends = [block.end for block in event_blocks(_body(reads))]
    sizes = itertools.accumulate([len(read.data) for read in reads])
    start = reads[0].time
    return tuple(
        Read(start + after[min(bisect_right(ends, max(0, size - 1)), len(after) - 1)], read.data)
        for read, size in zip(reads, sizes, strict=True)
    )


def _texts(deltas: Iterable[Delta]) -> int:
    return sum(len(delta.text) for delta in deltas if delta.kind in _TEXTS)


def _tokens(body: bytes) -> list[float]:
    """Return how many tokens each event holds, as well as that can be known."""
    lengths = [_texts(deltas) for deltas in event_deltas(body)]
    assembler = Assembler()
    assembler.feed_all([block.event for block in event_blocks(body)])
    usage = assembler.close().usage
    told = None if usage is None else usage.output_tokens
    if not told or not sum(lengths):
        return [1.0 if length else 0.0 for length in lengths]
    return [told * length / sum(lengths) for length in lengths]


def _read_of_the_first_token(reads: Sequence[Read]) -> int:
    body = _body(reads)
    blocks = event_blocks(body)
    pairs = zip(blocks, event_deltas(body), strict=True)
    texts = [block for block, deltas in pairs if _texts(deltas)]
    first = next(iter((*texts, *blocks)), None)
    if first is None:
        return 0
    ends = list(itertools.accumulate([len(read.data) for read in reads]))
    return bisect_left(ends, first.end)
