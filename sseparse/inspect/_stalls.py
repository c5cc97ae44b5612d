"""Stalls: the longest waits of a stream, and what had come before each."""

from __future__ import annotations

import heapq

import attrs

from sseparse.inspect._preview import preview
from sseparse.inspect._walk import SeenItem, SeenRead

KEPT = 5
"""How many of the longest waits are told of."""


@attrs.frozen(order=True)
class Stall:
    """A wait between two reads, or between the last read and the end.

    Attributes:
        seconds: how long nothing came.
        time: when it began, in seconds since the request was sent.
        offset: how many bytes had come.
        event_number: the last event that was complete, counted from 1; 0: none was.
        before: what that event said, cut short; "" where there was none.
    """

    seconds: float
    time: float
    offset: int
    event_number: int = 0
    before: str = ""


class Stalls:
    """A fold that keeps the longest waits."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._longest: list[tuple[float, float, Stall]] = []  # a heap, the shortest on top
        self._time: float | None = None
        self._offset = 0
        self._event: SeenItem | None = None

    def read(self, read: SeenRead) -> None:
        """Take one read."""
        self.until(read.time)
        self._time, self._offset = read.time, read.offset + len(read.data)

    def until(self, time: float) -> None:
        """Take the time of what comes next: a read, or the end."""
        if self._time is None or time <= self._time:
            return
        seconds = time - self._time
        # Of two as long the first. Times are kept to the microsecond: what is below is rounding.
        key = round(seconds, 6), -self._time
        if len(self._longest) < self._kept or key > self._longest[0][:2]:
            number, before = 0, ""
            if self._event is not None:
                number, before = self._event.number, preview(self._event)
            stall = Stall(seconds, self._time, self._offset, number, before)
            push = heapq.heappush if len(self._longest) < self._kept else heapq.heapreplace
            push(self._longest, (*key, stall))

    def item(self, item: SeenItem) -> None:
        """Take one item."""
        if not item.unfinished:
            self._event = item

    def longest(self) -> tuple[Stall, ...]:
        """Return the longest waits, the longest first."""
        return tuple(stall for _, _, stall in sorted(self._longest, reverse=True))
