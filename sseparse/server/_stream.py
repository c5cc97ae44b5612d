"""One response while it is played: where it is, and when it goes on.

Deadlines are absolute: the moment of the request plus the time of the read. What is late, because
the machine is busy or the client slow, is sent at once, all that is due in one write, and pushes
nothing back. A client that takes nothing holds its own stream only: that one leaves the schedule
until the client goes on, and what was held back by it is not counted as late.
"""

from __future__ import annotations

import asyncio
import os
from bisect import bisect_right
from collections.abc import Callable

from sseparse.replay import Ending
from sseparse.server._frames import Frames
from sseparse.server._lateness import Lateness
from sseparse.server._schedule import Schedule

LARGEST_WRITE = 64 * 1024
"""Bytes of chunks that are written together; then it is the turn of another stream."""


class Stream:
    """Plays frames into a connection.

    Attributes:
        frames: what is played.
        sent: how many chunks have been written.
        size: how many bytes of the framed body have been.
        closed: nothing is to be written any more.
        silent: all has been written, and nothing will come; the connection stays open.
    """

    __slots__ = (
        "_blocked",
        "_counts_from",
        "_file",
        "_head",
        "_lateness",
        "_loop",
        "_on_end",
        "_schedule",
        "_start",
        "_time",
        "_transport",
        "_waiting",
        "closed",
        "frames",
        "sent",
        "silent",
        "size",
    )

    def __init__(
        self,
        frames: Frames,
        head: bytes,
        transport: asyncio.Transport,
        schedule: Schedule,
        lateness: Lateness,
        on_end: Callable[[], None],
        asked_at: float,
    ) -> None:
        self.frames = frames
        self.sent = 0
        self.size = 0
        self.closed = False
        self.silent = False
        self._head = head
        self._transport = transport
        self._schedule = schedule
        self._lateness = lateness
        self._on_end = on_end
        self._blocked = False
        self._waiting = False  # for the client, and so not in the schedule
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self._start = self._counts_from = asked_at
        self._file = _file_of(transport)

    def begin(self, *, blocked: bool) -> None:
        """Enter the schedule; the request has come just now."""
        self._blocked = blocked
        self._schedule.enter(self._start + self.frames.head_at, self)

    def play(self, now: float) -> float | None:
        """Write what is due; see ``Playable``."""
        if self.closed:
            return None
        if (
            self._blocked or self._transport.is_closing()
        ):  # (asyncio logs what is written for nobody)
            self._waiting = True
            return None
        frames, first = self.frames, self.sent
        elapsed = now - self._start
        times, after = frames.times, first + 1
        if after < len(times) and times[first] <= elapsed < times[after] and not self._head:
            return self._play_one(first)
        last = bisect_right(frames.times, elapsed, first)
        start, end = frames.offsets[first], frames.offsets[last]
        if end - start > LARGEST_WRITE:
            last = max(first + 1, bisect_right(frames.offsets, start + LARGEST_WRITE, first) - 1)
            end = frames.offsets[last]
        over = last == len(frames.times) and frames.ends_at <= elapsed
        if over and frames.ending is Ending.FINISH:
            end = len(frames.wire)
        self.sent = last
        self.size += end - start
        if self._head:
            self._transport.write(self._head + frames.wire[start:end])
            self._head = b""
        elif end > start:
            self._transport.write(frames.wire[start:end])
        self._count(first, last)
        if over:
            self.silent = frames.ending is Ending.SILENCE
            # (Not now: the next request may be there already, and would enter the schedule.)
            self._loop.call_soon(self._on_end)
            return None
        return self._next(now)

    def _play_one(self, first: int) -> float:
        """Write one chunk with more to come, as nearly every call does.

        Nothing waits in the transport, or else the stream were blocked; so the system can be given
        the chunk at once, which takes half the time of asking the transport.
        """
        frames = self.frames
        start, end = frames.offsets[first], frames.offsets[first + 1]
        chunk = frames.wire[start:end]
        try:
            written = os.write(self._file, chunk) if self._file is not None else 0
        except OSError:  # what is wrong, the transport finds out
            written = 0
        self.sent = first + 1
        self.size += end - start
        if written < end - start:
            self._transport.write(chunk[written:])
        due = self._start + frames.times[first]
        if due >= self._counts_from:
            self._lateness.add(self._time() - due)
        return self._start + frames.times[first + 1]

    def _next(self, now: float) -> float:
        """Return when to go on; now, if more is due than one write takes."""
        times = self.frames.times
        at = times[self.sent] if self.sent < len(times) else self.frames.ends_at
        due = self._start + at
        if due > now:
            return due
        self._counts_from = now  # what is left waits for its turn, as it should
        return now

    def _count(self, first: int, last: int) -> None:
        sent_at = self._time()
        for time in self.frames.times[first:last]:
            due = self._start + time
            if due >= self._counts_from:
                self._lateness.add(sent_at - due)

    def pause(self) -> None:
        """Hold: the client takes nothing."""
        self._blocked = True

    def resume(self) -> None:
        """Go on: the client has taken all."""
        self._blocked = False
        if self._waiting and not self.closed:
            self._waiting = False
            now = self._time()
            self._counts_from = now
            self._schedule.enter(now, self)

    def close(self) -> None:
        """Write nothing any more."""
        if not self.closed:
            self.closed = True
            if not self._waiting:
                self._schedule.abandon()


def _file_of(transport: asyncio.Transport) -> int | None:
    """Return the number of the connection's file; None: nothing may be written to it directly.

    Other event loops than asyncio's may hold bytes back without saying so, and Windows has no file
    numbers for sockets.
    """
    if os.name != "posix" or not isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop):
        return None
    socket = transport.get_extra_info("socket")
    return None if socket is None else int(socket.fileno())
