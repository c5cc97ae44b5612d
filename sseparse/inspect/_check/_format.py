"""Checks of the format: the bytes as they come, and the lines that the decoder cannot use."""

from __future__ import annotations

import codecs
import re

from sseparse._events import ServerSentEvent, UnknownField
from sseparse.assembly import Completion
from sseparse.inspect._check._notes import Notes
from sseparse.inspect._walk import Recorded, SeenItem, SeenRead
from sseparse.recording._folder import is_event_stream

LARGE = 64 * 1024
"""Bytes of an event, from which on clients that read lines stop."""

BOM = "\ufeff"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_WRONG = re.compile("[\udc80-\udcff]")
_NAMES = {b"\n": "LF", b"\r\n": "CRLF", b"\r": "CR"}


class FormatChecks:
    """A fold that checks bytes and lines."""

    def __init__(self, recording: Recorded, notes: Notes) -> None:
        self._notes = notes
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._size = 0
        self._cr_at: int | None = None  # a CR that ended the last read
        self._ends: dict[str, int] = {}  # the kinds of line ends, and where each was first
        self._header(recording)

    def _header(self, recording: Recorded) -> None:
        header = recording.header
        if header is None or not header.headers or header.status != 200:
            return
        if not is_event_stream(header.headers):
            kinds = [value for name, value in header.headers if name.lower() == "content-type"]
            called = f": it is {kinds[0]}" if kinds else ": it has no content-type"
            self._notes.note("wrong-content-type", f"the response is no event stream{called}")

    def read(self, read: SeenRead) -> None:
        """Take one read."""
        self._check_utf8(read.data, read.offset)
        self._check_line_ends(read)
        self._size = read.offset + len(read.data)

    def item(self, item: SeenItem) -> None:
        """Take one item."""
        if isinstance(item.item, UnknownField):
            self._unknown(item.item.name, item.item.value, item)
        elif isinstance(item.item, ServerSentEvent) and item.size > LARGE:
            self._notes.of_item("oversized-event", item, f"an event of {item.size:,} bytes")

    def end(self, completion: Completion) -> None:
        """Take the end of the stream."""
        self._check_utf8(b"", self._size, final=True)
        if self._cr_at is not None:
            self._ends.setdefault("CR", self._cr_at)
        if len(self._ends) > 1:
            latest = max(self._ends.values())
            self._notes.note(
                "mixed-line-ends", f"lines end with {' and '.join(self._ends)}", offset=latest
            )
        elif "CRLF" in self._ends:
            self._notes.note("crlf-line-ends", offset=self._ends["CRLF"])
        elif "CR" in self._ends:
            self._notes.note("cr-line-ends", offset=self._ends["CR"])

    def _check_utf8(self, data: bytes, offset: int, *, final: bool = False) -> None:
        start = offset - len(self._decoder.getstate()[0])
        text = self._decoder.decode(data, final)
        wrong = _WRONG.search(text)  # a byte that is no UTF-8 comes out as half a surrogate pair
        if wrong is not None:
            before = text[: wrong.start()].encode("utf-8", "surrogateescape")
            message = f"the byte {ord(wrong[0]) - 0xDC00:02x} is no UTF-8 where it stands"
            self._notes.note("bad-utf8", message, offset=start + len(before))

    def _check_line_ends(self, read: SeenRead) -> None:
        data = read.data
        at = 0
        if self._cr_at is not None and data:
            at = int(data[:1] == b"\n")
            self._ends.setdefault("CRLF" if at else "CR", self._cr_at)
            self._cr_at = None
        for found in _LINE_END.finditer(data, at):
            if found.group() == b"\r" and found.end() == len(data):
                self._cr_at = read.offset + found.start()
            else:
                self._ends.setdefault(_NAMES[found.group()], read.offset + found.start())

    def _unknown(self, name: str, value: str, item: SeenItem) -> None:
        """Note a field that the standard ignores."""
        if name == "retry":
            message = f"retry is {value[:40]!r}, which is no number"
            self._notes.of_item("invalid-retry", item, message)
        elif name.startswith(BOM):
            self._notes.of_item("bom-twice", item)
        else:
            code = "error-field" if name == "error" else "unknown-field"
            self._notes.of_item(code, item, f"a field {name[:40]!r} is ignored: {value[:80]}")
