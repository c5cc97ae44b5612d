"""Checks of timing: waits, bursts, and a clock that goes back."""

from __future__ import annotations

from sseparse._events import Comment
from sseparse.assembly import Completion
from sseparse.inspect._check._notes import Notes
from sseparse.inspect._metrics import WRITTEN
from sseparse.inspect._walk import Recorded, SeenItem, SeenRead

STALL = 5.0
"""Seconds in which nothing came that are worth telling."""

BURST, AFTER = 8, 1.0
"""So many events with text in one read, after so many seconds without any."""

ROUNDED = 1e-6
"""Seconds: times are kept to the microsecond."""

FEW = 3
"""Events that may well come in one read."""


class TimingChecks:
    """A fold that checks when things came."""

    def __init__(self, recording: Recorded, notes: Notes) -> None:
        self._notes = notes
        self._measured = recording.timing == "sidecar"
        self._duration = recording.duration
        self._headers_at = None if recording.header is None else recording.header.headers_at
        self._time: float | None = None  # of the last read
        self._written_at = 0.0  # the last event with text; before the first, the request
        self._alive = 0  # keep-alives since
        self._last: SeenItem | None = None
        self._number = 0  # of the last event
        self._offset = 0  # of what comes next
        self._in_read = 0  # events with text in this read
        self._first_in_read = 0
        self._waited = 0.0  # before this read, without text
        self._reads = 0

    def read(self, read: SeenRead) -> None:
        """Take one read."""
        self._burst()
        self._reads += bool(read.data)
        if self._measured:
            self._gap(read.time)
        self._time, self._offset = read.time, read.offset + len(read.data)
        self._waited = read.time - self._written_at

    def item(self, item: SeenItem) -> None:
        """Take one item."""
        self._last = item
        if item.kind == "event":
            self._number = item.number
        written = any(delta.text and delta.kind in WRITTEN for delta in item.deltas)
        if written:
            self._masked(item, item.time)
            if not self._in_read:
                self._first_in_read = item.number
            self._in_read += 1
            self._written_at, self._alive = item.time, 0
        elif isinstance(item.item, Comment) or item.type == "ping":
            self._alive += 1

    def end(self, completion: Completion) -> None:
        """Take the end of the stream."""
        self._burst()
        if self._measured:
            self._gap(self._duration)
            if self._last is not None:
                self._masked(self._last, self._duration)
            if self._reads == 1 and self._number > FEW:
                message = f"all {self._number:,} events came in one read"
                self._notes.note("buffered", message, number=1)

    def _gap(self, time: float) -> None:
        if self._time is None:
            self._head(time)
            return
        gap = time - self._time
        number = self._number + 1  # what came after it
        if gap < 0:
            message = f"a read came {-gap:.3f} s before the one before it"
            self._notes.note("clock-back", message, number=number, offset=self._offset)
        elif gap >= STALL:
            message = f"nothing came for {gap:.1f} s"
            self._notes.note("stall", message, number=number, offset=self._offset, weight=gap)

    def _head(self, time: float) -> None:
        late = 0.0 if self._headers_at is None else self._headers_at - time
        if late > ROUNDED:
            message = f"the head of the response came {late:.3f} s after its body began"
            self._notes.note("clock-back", message, number=1, offset=0)

    def _masked(self, item: SeenItem, until: float) -> None:
        """Note what passed for life: keep-alives and nothing else, until now."""
        if not self._measured or not self._alive:
            return
        gap = until - self._written_at
        if gap >= STALL:
            times = "1 keep-alive" if self._alive == 1 else f"{self._alive:,} keep-alives"
            self._notes.of_item(
                "masked-stall", item, f"{times} in {gap:.1f} s, and no text", weight=gap
            )

    def _burst(self) -> None:
        if self._measured and self._in_read >= BURST and self._waited >= AFTER:
            message = f"{self._in_read:,} chunks came at once after {self._waited:.1f} s"
            self._notes.note("burst", message, number=self._first_in_read)
        self._in_read = 0
