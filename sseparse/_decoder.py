r"""Bytes in, events out: the algorithm of the HTML Living Standard, section 9.2.

Sans I/O: ``feed`` takes the bytes of one read and returns the finished list of what they completed;
where the bytes come from is the caller's affair. Every byte string is valid input.

How a byte travels:

1. One byte order mark is dropped at the very start (``_begin``), CR and CRLF become LF
   (``_unify_line_ends``). A CR ends its line at once; the LF that may follow, even in the next
   read, is swallowed.
2. A read without a line end is kept in ``_pending``. Only a read that ends a line makes ``_decode``
   look at the bytes kept, together with its own. What is left over, the ``_tail``, is the part
   behind the last line end: so ``_decode`` gets no byte more than twice, whatever the chunking.
3. ``_decode`` has two speeds and one behaviour. Where a run of whole blocks is *plain* (each
   nothing but ``data: …`` lines, or each ``event: …`` and one ``data: …``), C splits the run in one
   go; that no other line end is left in the pieces proves that none was missed. Anything else goes
   line by line through ``_feed_line``, which follows the standard's text.

Bytes become text only in whole lines, so no character is ever cut; and since no part of a
multi-byte character is a line feed, decoding many lines at once is decoding each.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar, overload

from sseparse._errors import DecoderClosed, EventTooLarge
from sseparse._events import Item, ServerSentEvent
from sseparse._interpreter import Interpreter
from sseparse._plain import data_of_blocks, named_events, single_event

ItemT = TypeVar("ItemT", bound=Item)

DEFAULT_MAX_EVENT_SIZE = 64 * 2**20
"""64 MiB: above any event a provider sends (images come as base64), below what hurts a host."""

_BOM = b"\xef\xbb\xbf"


def _as_bytes(chunk: bytes | bytearray | memoryview) -> bytes:
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    raise TypeError(f"feed() takes bytes as they were received, not {type(chunk).__name__}")


class Decoder(Interpreter, Generic[ItemT]):
    r"""An incremental decoder of one event stream.

    Args:
        last_event_id: the id to start from, when this stream resumes another.
        max_event_size: the cap, in bytes, on what is buffered: the data of the unfinished event
            and the line being read.
        oversize: what happens to an event over the cap: ``"raise"`` (``EventTooLarge``) or
            ``"skip"`` (dropped and counted in ``skipped``; decoding goes on behind its blank line).
        keep_comments: give out ``Comment`` items too, in stream order.
        keep_unknown: give out ``UnknownField`` items too, in stream order.

    Attributes:
        last_event_id: the sticky id as of the last blank line: what a reconnect would send.
        reconnection_time: the last valid ``retry`` in milliseconds, or None.
        skipped: how many events were dropped for their size.

    >>> decoder = Decoder()
    >>> decoder.feed(b"data: hel")
    []
    >>> decoder.feed(b"lo\n\n")
    [ServerSentEvent(data='hello', event='message', id=None, last_event_id='', retry=None)]
    """

    __slots__ = ("_begun", "_error", "_pending", "_special", "_swallow_lf", "_tail", "_watch")

    @overload
    def __init__(
        self: Decoder[ServerSentEvent],
        last_event_id: str = "",
        max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
        oversize: Literal["raise", "skip"] = "raise",
        keep_comments: Literal[False] = False,
        keep_unknown: Literal[False] = False,
    ) -> None: ...

    @overload
    def __init__(
        self: Decoder[Item],
        last_event_id: str = "",
        max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
        oversize: Literal["raise", "skip"] = "raise",
        keep_comments: bool = False,
        keep_unknown: bool = False,
    ) -> None: ...

    def __init__(
        self,
        last_event_id: str = "",
        max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
        oversize: Literal["raise", "skip"] = "raise",
        keep_comments: bool = False,
        keep_unknown: bool = False,
    ) -> None:
        if max_event_size < 1:
            raise ValueError(f"max_event_size is {max_event_size}; it counts bytes, from 1 up")
        if oversize not in ("raise", "skip"):
            raise ValueError(f'oversize is {oversize!r}; it is either "raise" or "skip"')
        super().__init__(
            last_event_id, max_event_size, oversize == "skip", keep_comments, keep_unknown
        )
        # Where the stream stands. ``_special`` is True where ``feed`` has to look twice: at the
        # start of the stream, behind a CR, and after the end. ``_watch`` is the size from which an
        # unfinished line cannot just be kept: the cap, or 0 at a special place and behind a line.
        self._special = True
        self._watch = 0
        self._begun = False
        self._swallow_lf = False
        self._error: Exception | None = None
        # The unfinished line: either what the last read left of it, or that and all reads since.
        self._tail = b""
        self._pending = bytearray()

    def feed(self, chunk: bytes | bytearray | memoryview) -> list[ItemT]:
        r"""Decode the bytes of one read.

        Args:
            chunk: any number of bytes, cut anywhere, none at all included.

        Returns:
            What these bytes completed, in stream order. An event comes out with the very byte
            that ends its blank line.

        Raises:
            EventTooLarge: an event outgrew ``max_event_size`` (with ``oversize="raise"``). The
                decoder stays failed: each further ``feed`` raises it again, less its events.
            DecoderClosed: ``close`` was called before.

        >>> [event.data for event in Decoder().feed(b"data: a\r\rdata: b\r\n\r\n")]
        ['a', 'b']
        """
        # In small reads this method is most of the cost, hence its shape: `isalnum` settles most
        # reads of one byte at once, `10 in chunk` is seven times as fast as `b"\n" in chunk`.
        try:
            if chunk.isalnum() or not (10 in chunk or 13 in chunk):  # type: ignore[union-attr]  # a memoryview cannot: see below
                pending = self._pending
                pending += chunk
            else:
                return self._decode(chunk if type(chunk) is bytes else bytes(chunk))
        except (AttributeError, TypeError):
            if isinstance(chunk, (bytes, bytearray)):
                raise
            return self.feed(_as_bytes(chunk))
        return [] if len(pending) < self._watch else self._look_closer()

    def close(self) -> ServerSentEvent | None:
        r"""End the stream.

        Returns:
            The event that the stream left unfinished, or None. The standard discards it (9.2.6:
            "Once the end of the file is reached, any pending data must be discarded"), so ``feed``
            never gives it out; it is handed back because a model's last words are worth having.
            ``last_event_id`` of the decoder stays what the last blank line made it.

        >>> decoder = Decoder()
        >>> decoder.feed(b"data: [DONE]")
        []
        >>> decoder.close().data
        '[DONE]'
        """
        if isinstance(self._error, DecoderClosed):
            return None
        failed = self._error is not None
        self._error = DecoderClosed()
        self._special = True
        self._watch = 0
        if failed or self._skipping:
            return None
        line = self._tail + self._pending
        self._tail = b""
        self._pending = bytearray()
        reconnection_time = self.reconnection_time
        if line and self._begun:  # (a part of a byte order mark is no line)
            self._feed_line(line, [])
        self.reconnection_time = reconnection_time  # an unterminated retry line does not count
        return self._unfinished() if self._data else None

    def _look_closer(self) -> list[Any]:
        """Take up an unfinished line at a place where it cannot just be kept."""
        if self._tail:
            self._pending[:0] = self._tail
            self._tail = b""
        if self._special:
            chunk = bytes(self._pending)
            self._pending.clear()
            self._pending += self._begin(chunk)
        if self._begun and len(self._pending) > self._room:
            self._refuse(len(self._pending), [])
        self._watch = 0 if self._special else self._room + 1
        return []

    def _begin(self, chunk: bytes) -> bytes:
        """Return what of the chunk is to be decoded, at a place where that is not all of it."""
        if self._error is not None:
            self._pending.clear()
            raise self._error.with_traceback(None)
        if self._swallow_lf and chunk:
            self._swallow_lf = False
            chunk = chunk.removeprefix(b"\n")
        if not self._begun:
            # "If the leading bytes are a byte order mark, drop them": once, also when split.
            if len(chunk) < 3 and _BOM.startswith(chunk):
                return chunk
            self._begun = True
            chunk = chunk.removeprefix(_BOM)
        self._special = self._swallow_lf
        if not self._special:
            self._watch = self._room + 1
        return chunk

    def _unify_line_ends(self, chunk: bytes) -> bytes:
        """Return the chunk with each CRLF and CR as LF; the standard has these three and no more.

        ``bytes.splitlines`` knows just these three, and is four times as fast as two ``replace``.
        """
        if 13 not in chunk:
            return chunk
        if chunk[-1] == 13:
            self._swallow_lf = self._special = True
        elif chunk[-1] != 10:
            return b"\n".join(chunk.splitlines())
        return b"\n".join(chunk.splitlines()) + b"\n"

    def _decode(self, chunk: bytes) -> list[Any]:
        """Decode a chunk that ends a line, together with what is pending of that line."""
        if self._pending:
            if len(self._pending) >= 2**20:
                return self._decode_large(chunk)
            chunk = b"".join((self._pending, chunk))
            self._pending.clear()
        elif self._tail:
            chunk = self._tail + chunk
            self._tail = b""
        # The commonest read of all is exactly one event of one data line.
        elif (
            chunk.find(10) == len(chunk) - 2
            and chunk[-1] == 10
            and chunk[:6] == b"data: "
            and self._at_block_start
            and not self._special
            and 13 not in chunk
            and len(chunk) <= self._room
        ):
            data = chunk[6:-2].decode("utf-8", "replace")
            return [ServerSentEvent(data, "message", None, self._last_event_id)]
        elif (
            self._at_block_start
            and not self._special
            and len(chunk) <= self._room
            and (event := single_event(chunk, self._last_event_id)) is not None
        ):
            return [event]
        if self._special:
            chunk = self._begin(chunk)
        items: list[Any] = []
        if 13 in chunk:
            if self._at_block_start:
                chunk = self._decode_plain(chunk, items, crlf=True)
            chunk = self._unify_line_ends(chunk)
        if 10 in chunk:
            if not self._at_block_start:
                chunk = self._finish_block(chunk, items)
            if self._at_block_start:
                chunk = self._decode_plain(chunk, items)
            if 10 in chunk:
                chunk = self._feed_lines(chunk, items)
        self._tail = chunk
        self._watch = 0
        if len(chunk) > self._room:
            self._refuse(len(chunk), items)
        return items

    def _decode_large(self, chunk: bytes) -> list[Any]:
        """Decode as ``_decode`` does where much is pending: line by line, with hardly a copy."""
        whole: bytes = self._pending  # type: ignore[assignment]  # a bytearray does, if left alone
        self._pending += chunk
        self._pending = bytearray()
        whole = self._unify_line_ends(whole)
        items: list[Any] = []
        start = 0
        while (end := whole.find(10, start)) >= 0:
            if end > start:
                line: Any = memoryview(whole)[start:end]  # a view does for a data line
                self._feed_line(line if line[:5] == b"data:" else bytes(line), items)
            else:
                self._dispatch(items)
            start = end + 1
        self._pending += memoryview(whole)[start:]
        if len(self._pending) > self._room:
            self._refuse(len(self._pending), items)
        self._watch = 0 if self._special else self._room + 1
        return items

    def _feed_lines(self, chunk: bytes, items: list[Any]) -> bytes:
        """Decode all whole lines, of which there is one at least; return the part behind them."""
        end = chunk.rfind(b"\n") + 1
        lines = chunk if end == len(chunk) else chunk[:end]
        if (
            lines.startswith(b"data: ")
            and lines.count(b"\ndata: ") == lines.count(b"\n") - 1
            and end <= self._room
        ):
            self._feed_data_lines(lines)
            return chunk[end:]
        for line in lines.split(b"\n")[:-1]:
            if not line:
                if not self._at_block_start:
                    self._dispatch(items)
            elif line[0] == 58 and not self._keep_comments and len(line) <= self._room:
                pass  # a comment, here for the sake of streams that are little else
            else:
                self._feed_line(line, items)
        return chunk[end:]

    def _finish_block(self, chunk: bytes, items: list[Any]) -> bytes:
        """Decode up to the first blank line, if there is one: behind it the fast way is open."""
        end = 0 if chunk[:1] == b"\n" else chunk.find(b"\n\n") + 1
        if not end and chunk[:1] != b"\n":
            return chunk
        self._feed_lines(chunk[: end + 1], items)
        return chunk[end + 1 :]

    def _decode_plain(self, chunk: bytes, items: list[Any], *, crlf: bool = False) -> bytes:
        """Decode the whole blocks at the start of the chunk if all are plain; return the rest.

        Args:
            chunk: what starts a block.
            items: where the events go.
            crlf: whether the lines end in CRLF; else in LF.
        """
        # The last line end is nearly always that of a blank line, and one byte is found faster.
        text_end = chunk.rfind(10) - 1
        if text_end < 6 or text_end > self._room:
            return chunk  # (in more bytes than the cap, each line has to be measured)
        if crlf or chunk[text_end] != 10:
            text_end = chunk.rfind(b"\r\n\r\n" if crlf else b"\n\n")
            if text_end < 6:
                return chunk
        rest = chunk[text_end + (4 if crlf else 2) :]
        if chunk[:5] == b"data:":
            pieces = data_of_blocks(chunk, text_end, crlf)
            if pieces is None:
                return chunk
            if not self._last_event_id:
                items += map(ServerSentEvent, pieces)
            else:
                last = self._last_event_id
                items += [ServerSentEvent(data, "message", None, last) for data in pieces]
            return rest
        eol = b"\r\n" if crlf else b"\n"
        named = named_events(chunk[:text_end], eol, self._last_event_id)
        if named is None:
            return chunk
        items += named
        return rest

    def _refuse(self, line_size: int, items: list[Any]) -> None:
        try:
            super()._refuse(line_size, items)
        except EventTooLarge as error:
            self._error = EventTooLarge(error.limit, error.size)  # (its events are told of once)
            self._special = True
            self._watch = 0
            self._pending.clear()
            self._tail = b""
            self._data = bytearray()
            raise
        self._watch = self._room + 1
        if self._pending or self._tail:
            # The rest of this line is still to come. As a comment it means nothing, and it is no
            # blank line either.
            self._pending[:] = b":"
            self._tail = b""
