"""Chunking: the same bytes, in other reads.

Nothing is changed, lost or moved but where one read ends and the next begins. A piece has the time
of the read that brought its last byte: it cannot be there any earlier. So the pieces of one read
have one time; ``interval`` spreads them where that matters.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from sseparse.recording import Read
from sseparse.replay._blocks import event_blocks

Chunking = Literal["events", "random", "characters", "crlf"]

_CHARACTER = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_CRLF = re.compile(rb"\r\n")
_LARGEST = 128
"""Bytes of a random piece: below the size of a chunk of most providers, so that most are cut."""


def rechunk(reads: Iterable[Read], how: int | Chunking, seed: int = 0) -> tuple[Read, ...]:
    r"""Cut the bytes elsewhere.

    Args:
        reads: timed reads, in order.
        how: a number of bytes, which every piece but the last has; ``"events"``, behind each event;
            ``"random"``, into pieces of 1 to 128 bytes; ``"characters"``, also inside each
            character of more than one byte; ``"crlf"``, also between each CR and LF.
        seed: of ``"random"``: the same seed cuts at the same places.

    Raises:
        ValueError: ``how`` is none of these, or below 1.

    >>> [read.data for read in rechunk([Read(0.0, b"data: \xc3\xa9\n\n")], "characters")]
    [b'data: \xc3', b'\xa9\n\n']
    """
    reads = tuple(reads)
    body = b"".join([read.data for read in reads])
    if isinstance(how, int):
        if how < 1:
            raise ValueError(f"rechunk is {how}; a piece has at least 1 byte")
        return recut(reads, range(how, len(body), how))
    if how == "events":
        return recut(reads, [block.end for block in event_blocks(body)])
    if how == "random":
        return recut(reads, _random_cuts(len(body), seed))
    if how not in get_args(Chunking):
        known = ", ".join(get_args(Chunking))
        raise ValueError(f"rechunk is {how!r}; it is a number of bytes or one of {known}")
    pattern = _CHARACTER if how == "characters" else _CRLF
    inside = [
        cut for match in pattern.finditer(body) for cut in range(match.start() + 1, match.end())
    ]
    ends = itertools.accumulate([len(read.data) for read in reads])
    return recut(reads, sorted({*inside, *ends}))


def coalesce(reads: Iterable[Read], count: int) -> tuple[Read, ...]:
    """Join every so many reads into one, which comes when the last of them did.

    Raises:
        ValueError: ``count`` is below 1.

    >>> coalesce([Read(0.1, b"a"), Read(0.2, b"b"), Read(0.3, b"c")], 2)
    (Read(time=0.2, data=b'ab'), Read(time=0.3, data=b'c'))
    """
    if count < 1:
        raise ValueError(f"coalesce is {count}; it counts the reads that make one, from 1 up")
    reads = tuple(reads)
    groups = [reads[start : start + count] for start in range(0, len(reads), count)]
    return tuple(Read(group[-1].time, b"".join([read.data for read in group])) for group in groups)


def recut(reads: Sequence[Read], cuts: Iterable[int]) -> tuple[Read, ...]:
    """Return the bytes in pieces that end at these offsets, which rise."""
    body = b"".join([read.data for read in reads])
    ends = list(itertools.accumulate([len(read.data) for read in reads]))
    bounds = [0, *(cut for cut in cuts if 0 < cut < len(body)), len(body)]
    return tuple(
        Read(reads[bisect_left(ends, end)].time, body[start:end])
        for start, end in itertools.pairwise(bounds)
        if start < end
    )


def _random_cuts(size: int, seed: int) -> list[int]:
    from random import Random  # 5 ms to import, and few replays leave anything to chance

    source = Random(seed)  # noqa: S311 (chance that can be repeated)
    cuts = []
    cut = source.randint(1, _LARGEST)
    while cut < size:
        cuts.append(cut)
        cut += source.randint(1, _LARGEST)
    return cuts
