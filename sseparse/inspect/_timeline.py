r"""The timeline of a stream: every read and every item, with its place and its time."""

from __future__ import annotations

from collections.abc import Callable
from sys import intern

import attrs

from sseparse.assembly import Completion
from sseparse.inspect._preview import preview
from sseparse.inspect._walk import ItemKind, SeenItem, SeenRead, Source, opened, walk
from sseparse.recording import TimingSource


@attrs.frozen
class TimelineRead:
    """One network read.

    Attributes:
        number: counted from 1.
        time: when it came, in seconds since the request was sent.
        offset: of its first byte in the body.
        size: its bytes.
        events: how many events it completed.
    """

    number: int
    time: float
    offset: int
    size: int
    events: int = 0


@attrs.frozen
class TimelineItem:
    """One item: an event, a comment, or a line that the standard ignores.

    Attributes:
        kind: ``"event"``, ``"comment"``, ``"unknown_field"`` or ``"unfinished"``: the event that
            the stream ended inside of.
        number: of the event, counted from 1; of other items, how many events came before.
        offset: of its first byte in the body.
        size: its bytes; see ``SeenItem``.
        read: the read that completed it, counted from 1.
        time: when that came, in seconds since the request was sent.
        gap: seconds since the item before; for the first, since the request.
        type: the event type; ``":"`` for a comment, in brackets the name of an unknown field.
        adds: what it added to the completion: the kinds of its deltas; see ``Delta``.
        text: what it says, in one short line.
    """

    kind: ItemKind
    number: int
    offset: int
    size: int
    read: int
    time: float
    gap: float
    type: str
    adds: tuple[str, ...]
    text: str


@attrs.frozen
class Timeline:
    """A stream over time.

    Attributes:
        reads: every network read, in order.
        items: every item, in order.
        duration: seconds from the request to the end.
        timing: where the times come from; see ``Recording``. Where it is ``"none"`` all are 0.
        completion: what the stream came to.
    """

    reads: tuple[TimelineRead, ...] = attrs.field(repr=False)
    items: tuple[TimelineItem, ...] = attrs.field(repr=False)
    duration: float
    timing: TimingSource
    completion: Completion = attrs.field(repr=False)


def timeline(
    recording: Source,
    *,
    protocol: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> Timeline:
    r"""Lay a recording out over time.

    Args:
        recording: a ``Recording``, or the path of one, which then is read piece by piece.
        protocol: what the stream speaks; None: it is found out.
        progress: called with the bytes of each read.

    Raises:
        OSError, RecordingError: the recording cannot be read; see ``Recording.load``.
        ValueError: there is no protocol of that name.

    >>> from sseparse.recording import Read, Recording
    >>> reads = Read(0.5, b"data: 1\n\n: ping\n\nda"), Read(1.0, b"ta: 2\n\n")
    >>> for item in timeline(Recording(reads)).items:
    ...     print(item.kind, item.number, item.offset, item.read, item.time, item.gap, item.text)
    event 1 0 1 0.5 0.5 1
    comment 1 9 1 0.5 0.0 : ping
    event 2 17 2 1.0 0.5 2
    """
    recorded = opened(recording)
    fold = _TimelineFold()
    completion = walk(recorded, fold, protocol=protocol, progress=progress)
    reads = tuple(fold.reads)
    return Timeline(reads, tuple(fold.items), recorded.duration, recorded.timing, completion)


class _TimelineFold:
    def __init__(self) -> None:
        self.reads: list[TimelineRead] = []
        self.items: list[TimelineItem] = []
        self._time = 0.0
        self._adds: dict[tuple[str, ...], tuple[str, ...]] = {}  # one tuple for all that are equal

    def read(self, read: SeenRead) -> None:
        self.reads.append(TimelineRead(read.number, read.time, read.offset, len(read.data)))

    def item(self, item: SeenItem) -> None:
        adds = tuple(dict.fromkeys(delta.kind for delta in item.deltas))
        gap, self._time = item.time - self._time, item.time
        self.items.append(
            TimelineItem(
                item.kind,
                item.number,
                item.offset,
                item.size,
                item.read,
                item.time,
                gap,
                intern(item.type),
                self._adds.setdefault(adds, adds),
                preview(item),
            )
        )
        if item.kind == "event":
            last = self.reads[-1]
            self.reads[-1] = attrs.evolve(last, events=last.events + 1)

    def end(self, completion: Completion) -> None:
        pass
