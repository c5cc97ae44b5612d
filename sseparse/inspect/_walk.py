r"""One pass over a recording, for whatever is to be learned from it.

The reads go through a decoder and an assembler as they did when they came, and each fold is told of
every read and of every item that it completed: where the item stands, when it was there, what it
added to the answer. A fold keeps what it needs, so a recording larger than memory can be walked::

    reads ──► walk ──► SeenRead, SeenItem ──► Fold, Fold, …   (metrics, timeline, checks, report)

An item is there with the byte that ends it, as for any decoder: at the CR of its blank line, though
the LF may be a read later.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol, TypeAlias

import attrs

from sseparse._decoder import Decoder
from sseparse._events import Comment, Item, ServerSentEvent, UnknownField
from sseparse.assembly import Assembler, Completion, Delta
from sseparse.recording import End, Header, Read, TimingSource, open_recording

_LINE_END = re.compile(rb"\r\n?+|\n")


class Recorded(Protocol):
    """What can be walked: a ``Recording``, or a ``StoredRecording``, which stays on the disk."""

    @property
    def reads(self) -> Iterable[Read]:
        """Every network read, in order."""

    @property
    def header(self) -> Header | None:
        """Request and response, if they are known."""

    @property
    def end(self) -> End:
        """How the stream ended."""

    @property
    def timing(self) -> TimingSource:
        """Where the times come from."""

    @property
    def duration(self) -> float:
        """Seconds from the request to the end."""


Source: TypeAlias = Recorded | str | os.PathLike[str]
"""A recording, or the path of one."""


def opened(source: Source) -> Recorded:
    """Return a recording to walk through; one that is named by its path stays on the disk.

    Raises:
        OSError, RecordingError: see ``Recording.load``.
        TypeError: it is neither.
    """
    if isinstance(source, (str, os.PathLike)):
        return open_recording(source)
    if not hasattr(source, "reads"):
        made = "; Recording.from_bytes makes one of bytes" if isinstance(source, bytes) else ""
        raise TypeError(
            f"a {type(source).__name__} is no recording: give a Recording or a path{made}"
        )
    return source


ItemKind = Literal["event", "comment", "unknown_field", "unfinished"]
"""What an item is; the unfinished event is what the stream ended inside of."""


@attrs.frozen
class SeenRead:
    """One network read.

    Attributes:
        number: counted from 1.
        time: when it came, in seconds since the request was sent.
        offset: of its first byte in the body.
        data: its bytes.
    """

    number: int
    time: float
    offset: int
    data: bytes


@attrs.frozen
class SeenItem:
    """One item of the stream.

    Attributes:
        item: an event, a comment or an unknown field.
        number: of the event, counted from 1; of other items, how many events came before.
        offset: of its first byte in the body.
        size: its bytes, up to the one that ended it: an event's blank line is counted, but for the
            LF of a last CRLF.
        first_read: the read that brought its first byte, counted from 1.
        read: the read that completed it: the item was there at its time.
        time: that time, in seconds since the request was sent.
        deltas: what it added to the completion.
        unfinished: the stream ended inside it.
    """

    item: Item
    number: int
    offset: int
    size: int
    first_read: int
    read: int
    time: float
    deltas: list[Delta]
    unfinished: bool = False

    @property
    def kind(self) -> ItemKind:
        """What it is."""
        if isinstance(self.item, Comment):
            return "comment"
        if isinstance(self.item, UnknownField):
            return "unknown_field"
        return "unfinished" if self.unfinished else "event"

    @property
    def type(self) -> str:
        """The event type; ``":"`` for a comment, in brackets the name of an unknown field."""
        if isinstance(self.item, Comment):
            return ":"
        if isinstance(self.item, UnknownField):
            return f"({self.item.name})"
        return self.item.event


class Fold(Protocol):
    """Whatever learns from a walk."""

    def read(self, read: SeenRead) -> None:
        """Take one read; the items that it completes come after it."""

    def item(self, item: SeenItem) -> None:
        """Take one item."""

    def end(self, completion: Completion) -> None:
        """Take the end of the stream, and what it came to."""


def walk(
    recording: Recorded,
    *folds: Fold,
    protocol: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> Completion:
    r"""Show a recording to folds, read by read and item by item.

    Args:
        recording: what to walk through, once.
        folds: what is told of each read and item, in this order.
        protocol: what the stream speaks; None: it is found out.
        progress: called with the bytes of each read, for whoever shows how far it is.

    Returns:
        The completion that the stream came to.

    Raises:
        OSError: the recording is on the disk and cannot be read.
        ValueError: there is no protocol of that name.

    >>> class Sizes:
    ...     def read(self, read): print("read", read.number, len(read.data))
    ...     def item(self, item): print("item", item.number, item.size, item.item.data)
    ...     def end(self, completion): print(completion.protocol)
    >>> reads = Read(0.5, b"data: 1\n\ndata"), Read(1.0, b": 2\n\n")
    >>> from sseparse.recording import Recording
    >>> _ = walk(Recording(reads), Sizes())
    read 1 13
    item 1 9 1
    read 2 5
    item 2 9 2
    unknown
    """
    walker = _Walker(folds, protocol)
    for read in recording.reads:
        walker.take(read)
        if progress is not None:
            progress(len(read.data))
    return walker.close()


class _Walker:
    def __init__(self, folds: Iterable[Fold], protocol: str | None) -> None:
        self._folds = tuple(folds)
        # Whoever has the whole recording can have the largest of its events.
        self._decoder: Decoder[Item] = Decoder(
            keep_comments=True, keep_unknown=True, max_event_size=sys.maxsize
        )
        self._assembler = Assembler(protocol)
        self._read = SeenRead(0, 0.0, 0, b"")
        self._size = 0  # of all reads so far
        self._events = 0
        self._pending = bytearray()  # the unfinished line
        self._searched = 0  # how much of it has no line end, so that no byte is looked at twice
        self._line = _Place(0, 1)  # where it starts
        self._block: _Place | None = None  # where the unfinished event starts
        self._after_cr = False

    def take(self, read: Read) -> None:
        """Show one read, and the items that it completes."""
        self._read = seen = SeenRead(self._read.number + 1, read.time, self._size, read.data)
        self._size += len(read.data)
        for fold in self._folds:
            fold.read(seen)
        if not self._pending:
            self._line = _Place(seen.offset, seen.number)
        self._pending += read.data
        for line in self._lines():
            self._take_line(line)
            self._line = _Place(self._line.offset + len(line), seen.number)

    def _lines(self) -> Iterator[bytes]:
        """Take the finished lines off the bytes that are pending."""
        pending, start = self._pending, 0
        while found := _LINE_END.search(pending, max(start, self._searched)):
            line = bytes(memoryview(pending)[start : found.end()])
            start += len(line)
            del found  # it holds on to the bytes, which then could not shrink
            yield line
        del pending[:start]
        self._searched = len(pending)

    def _take_line(self, line: bytes) -> None:
        is_rest_of_crlf = self._after_cr and line == b"\n"
        is_blank = line[0] in b"\r\n" and not is_rest_of_crlf
        self._after_cr = line[-1] == 13
        if self._block is None and line[0] not in b"\r\n":
            self._block = self._line
        # Up to the byte that ended it: whether an LF follows its CR, a later read may tell.
        end = self._line.offset + len(line) - line.endswith(b"\r\n")
        for item in self._decoder.feed(line):
            is_event = isinstance(item, ServerSentEvent)
            self._events += is_event
            start = self._block if is_event and self._block else self._line
            self._show(item, self._events, start, end, self._assembler.feed(item))
        if is_blank:
            self._block = None

    def _show(
        self,
        item: Item,
        number: int,
        start: _Place,
        end: int,
        deltas: list[Delta],
        unfinished: bool = False,
    ) -> None:
        size, read = end - start.offset, self._read
        place = (number, start.offset, size, start.read, read.number, read.time)
        seen = SeenItem(item, *place, deltas, unfinished)
        for fold in self._folds:
            fold.item(seen)

    def close(self) -> Completion:
        """Show the event that the end cuts short, and what it all came to."""
        self._decoder.feed(bytes(self._pending))
        unfinished = self._decoder.close()
        if unfinished is not None:
            start = self._block or self._line
            deltas = self._assembler.feed_unfinished(unfinished)
            self._show(unfinished, self._events + 1, start, self._size, deltas, unfinished=True)
        completion = self._assembler.close()
        for fold in self._folds:
            fold.end(completion)
        return completion


@attrs.frozen
class _Place:
    """Where something starts: its offset in the body, and the read that brought it."""

    offset: int
    read: int
