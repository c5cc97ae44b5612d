"""A stream drawn on one line: how many bytes and events fell into each stretch of its time.

A fold that keeps as many numbers as there are columns, so a recording of any size can be drawn.
"""

from __future__ import annotations

import attrs

from sseparse.assembly import Completion
from sseparse.inspect._walk import SeenItem, SeenRead


@attrs.frozen
class Strip:
    """A stream in stretches of equal time.

    Attributes:
        duration: seconds from the request to the end, which all stretches make together.
        bytes: that came in each.
        events: that were complete in each.
    """

    duration: float
    bytes: tuple[int, ...]
    events: tuple[int, ...]


class StripFold:
    r"""A fold that counts.

    Args:
        duration: of the recording, in seconds.
        columns: how many stretches there are.

    >>> from sseparse.inspect._walk import walk
    >>> from sseparse.recording import Read, Recording
    >>> recording = Recording((Read(0.1, b"data: 1\n\n"), Read(1.0, b"data: 2\n\n")))
    >>> fold = StripFold(recording.duration, 4)
    >>> _ = walk(recording, fold)
    >>> fold.strip().events
    (1, 0, 0, 1)
    """

    def __init__(self, duration: float, columns: int) -> None:
        self._duration = duration
        self._bytes = [0] * columns
        self._events = [0] * columns

    def _column(self, time: float) -> int:
        columns = len(self._bytes)
        if not self._duration:
            return 0
        return max(0, min(columns - 1, int(time / self._duration * columns)))

    def read(self, read: SeenRead) -> None:
        """Take one read."""
        self._bytes[self._column(read.time)] += len(read.data)

    def item(self, item: SeenItem) -> None:
        """Take one item."""
        if item.kind == "event":
            self._events[self._column(item.time)] += 1

    def end(self, completion: Completion) -> None:
        """Take the end of the stream."""

    def strip(self) -> Strip:
        """Return what was counted."""
        return Strip(self._duration, tuple(self._bytes), tuple(self._events))
