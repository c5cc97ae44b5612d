"""The player: the only place with a clock.

Each read has a deadline: the moment of the first ``next`` plus the read's time. The player waits
for deadlines, never for gaps. What comes late (a sleep too long, a slow consumer) is late for
itself alone and pushes nothing back: the next wait is shorter by as much.

Plain sleeps are exact enough. On Linux ``time.sleep`` is 0.2 ms late and ``asyncio.sleep``, whose
event loop rounds up to whole milliseconds, 1 ms: below what a reader of a stream can tell, and not
worth a busy wait.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

from sseparse.recording import Read, Recording
from sseparse.replay._pacing import schedule

Source = Recording | str | os.PathLike[str] | Iterable[Read]

_LONGEST_SLEEP = 1.0
"""Seconds; longer waits are slept in parts. The system refuses to sleep for ages. And a Ctrl-C that
comes after Python last looked for one, but before the sleep has begun, does not end that sleep."""


def play(
    recording: Source,
    *,
    speed: float = 1.0,
    max_gap: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[bytes]:
    r"""Give out the bytes of each read when its time has come.

    Times count from the first ``next``. Without times (``recording.timing == "none"``) and with
    ``speed=math.inf`` nothing is waited for.

    Args:
        recording: a recording, the path of one, or timed reads in order.
        speed: 2.0 plays twice as fast, 0.5 half as fast, ``math.inf`` at once.
        max_gap: shorten longer gaps to this many seconds of the recording; applied before speed.
        clock: returns the present, in seconds from anywhere; for tests.
        sleep: waits as many seconds, by the same clock; for tests.

    Raises:
        ValueError: ``speed`` is not above 0, or ``max_gap`` below 0.
        OSError, RecordingError: the path cannot be read; see ``Recording.load``.

    >>> import math
    >>> list(play([Read(0.5, b"data: 1\n\n"), Read(2.5, b"data: 2\n\n")], speed=math.inf))
    [b'data: 1\n\n', b'data: 2\n\n']
    """
    return _play(schedule(_reads(recording), speed=speed, max_gap=max_gap), clock, sleep)


def aplay(
    recording: Source,
    *,
    speed: float = 1.0,
    max_gap: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] | None = None,
) -> AsyncIterator[bytes]:
    """Do as ``play`` does, in asyncio: other tasks run while it waits.

    A path is read at the call, before anything is waited for. With nothing to wait for, control is
    not given up between reads.

    Args:
        recording: see ``play``.
        speed: see ``play``.
        max_gap: see ``play``.
        clock: see ``play``.
        sleep: an awaitable wait; ``asyncio.sleep`` unless told otherwise.

    Raises:
        ValueError, OSError, RecordingError: see ``play``.

    >>> import asyncio
    >>> async def total() -> int:
    ...     return sum([len(data) async for data in aplay([Read(0.0, b"abc"), Read(0.01, b"d")])])
    >>> asyncio.run(total())
    4
    """
    if sleep is None:
        import asyncio  # 60 ms to import; whoever gets here has it already

        sleep = asyncio.sleep
    return _aplay(schedule(_reads(recording), speed=speed, max_gap=max_gap), clock, sleep)


def _reads(source: Source) -> Iterable[Read]:
    if isinstance(source, (bytes, bytearray)):
        raise TypeError("bytes have no times to play; Recording.from_bytes() finds them some")
    if isinstance(source, (str, os.PathLike)):
        source = Recording.load(source)
    return source.reads if isinstance(source, Recording) else source


def _play(
    reads: Iterable[Read], clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[bytes]:
    start = clock()
    for read in reads:
        while (early := start + read.time - clock()) > 0:
            sleep(min(early, _LONGEST_SLEEP))
        yield read.data


async def _aplay(
    reads: Iterable[Read], clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
) -> AsyncIterator[bytes]:
    start = clock()
    for read in reads:
        while (early := start + read.time - clock()) > 0:
            await sleep(min(early, _LONGEST_SLEEP))
        yield read.data
