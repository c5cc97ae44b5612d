"""One response while it is played: where it is, and when it goes on.

Deadlines are absolute: the moment of the request plus the time of the read. What is late, because
the machine is busy or the client slow, is sent at once, all that is due in one write, and pushes
nothing back. A client that takes nothing holds its own stream only: that one leaves the schedule
until the client goes on, and what was held back by it is not counted as late.
"""

from __future__ import annotations

import asyncio
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
        "_head",
        "_lateness",
        "_on_end",
        "_schedule",
        "_start",
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
        self._start = self._counts_from = asyncio.get_running_loop().time()

    def begin(self, *, blocked: bool) -> None:
        """Enter the schedule; the request has come just now."""
        self._blocked = blocked
        self._schedule.enter(self._start + self.frames.head_at, self)

    def play(self, now: float) -> float | None:
        """Write what is due; see ``Playable``."""
        if self.closed:
            return None
        if self._blocked:
            self._waiting = True
            return None
        frames, first = self.frames, self.sent
        elapsed = now - self._start
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
            asyncio.get_running_loop().call_soon(self._on_end)
            return None
        return self._next(now)

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
        sent_at = asyncio.get_running_loop().time()
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
            now = asyncio.get_running_loop().time()
            self._counts_from = now
            self._schedule.enter(now, self)

    def close(self) -> None:
        """Write nothing any more."""
        if not self.closed:
            self.closed = True
            if not self._waiting:
                self._schedule.abandon()
