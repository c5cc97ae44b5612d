"""Lines in, events out: the HTML Living Standard, 9.2.6 *Interpreting an event stream*.

An ``Interpreter`` holds the standard's three buffers and takes one line at a time, without its line
end. Which bytes make a line is the affair of the ``Decoder``, which is built on it.
"""

from __future__ import annotations

from typing import Any

from sseparse._errors import EventTooLarge
from sseparse._events import Comment, ServerSentEvent, UnknownField

MAX_RECONNECTION_TIME = 10**1000 - 1
"""A ``retry`` of more digits is held at this: ``int()`` of endless digits takes quadratic time."""


class Interpreter:
    """The block being read, and the stream's state as of its last line."""

    __slots__ = (
        "_at_block_start",
        "_data",
        "_event_type",
        "_id",
        "_keep_comments",
        "_keep_unknown",
        "_last_event_id",
        "_max_event_size",
        "_retry",
        "_room",
        "_skip",
        "_skipping",
        "last_event_id",
        "reconnection_time",
        "skipped",
    )

    def __init__(
        self,
        last_event_id: str,
        max_event_size: int,
        skip: bool,
        keep_comments: bool,
        keep_unknown: bool,
    ) -> None:
        self.last_event_id = last_event_id
        self.reconnection_time: int | None = None
        self.skipped = 0
        self._max_event_size = max_event_size
        self._skip = skip
        self._keep_comments = keep_comments
        self._keep_unknown = keep_unknown
        self._at_block_start = True
        self._data = bytearray()  # data buffer, each line with its line feed
        self._room = max_event_size  # what the cap leaves for the line being read
        self._event_type = b""  # event type buffer
        self._last_event_id = last_event_id  # last event ID buffer
        self._id: str | None = None  # what this very block said
        self._retry: int | None = None
        self._skipping = False  # the block is over the cap: wait for its blank line

    def _feed_line(self, line: bytes, items: list[Any]) -> None:
        """Process one line (9.2.6, "Lines must be processed, in the order they are received").

        Args:
            line: the line without its end, not empty. (Of a data line a memoryview will do.)
            items: where what it gives out goes.
        """
        self._at_block_start = False
        if len(line) > self._room:
            self._refuse(len(line), items)
        if self._skipping:
            return
        # "If the line starts with a U+003A COLON character (:): Ignore the line."
        if line[0] == 0x3A:
            if self._keep_comments:
                items.append(Comment(line[1:].decode("utf-8", "replace")))
            return
        # "Collect the characters on the line before the first U+003A COLON character (:), and let
        # field be that string. … If value starts with a U+0020 SPACE character, remove it"
        if line[:5] == b"data:":
            start = 6 if line[5:6] == b" " else 5
            # "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF)
            # character to the data buffer."
            self._data += line[start:]
            self._data.append(10)
            self._room -= len(line) - start + 1
            return
        field, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if field == b"data":  # the line is the name alone
            self._data.append(10)
            self._room -= 1
        elif field == b"event":
            self._event_type = value
        # "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
        # the field value. Otherwise, ignore the field."
        elif field == b"id" and 0 not in value:
            self._id = self._last_event_id = value.decode("utf-8", "replace")
        # "If the field value consists of only ASCII digits, then interpret the field value as an
        # integer in base ten, and set the event stream's reconnection time to that integer."
        elif field == b"retry" and value.isdigit():
            digits = value.lstrip(b"0") or b"0"
            retry = int(digits) if len(digits) <= 1000 else MAX_RECONNECTION_TIME
            self._retry = self.reconnection_time = retry
        # "Otherwise: The field is ignored."
        elif self._keep_unknown:
            items.append(
                UnknownField(field.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
            )

    def _feed_data_lines(self, lines: bytes) -> None:
        """Process whole lines that all begin with ``data: ``, as ``_feed_line`` would."""
        self._at_block_start = False
        if not self._skipping:
            values = lines[6:].replace(b"\ndata: ", b"\n")
            self._data += values
            self._room -= len(values)

    def _dispatch(self, items: list[Any]) -> None:
        """Process a blank line (9.2.6, "dispatch the event")."""
        if not self._skipping:
            # "Set the last event ID string of the event source to the value of the last event ID
            # buffer." Also when the data buffer is empty and nothing is dispatched.
            self.last_event_id = self._last_event_id
            if self._data:
                items.append(self._unfinished())
        self._skipping = False
        self._at_block_start = True
        self._data = bytearray()
        self._room = self._max_event_size
        self._event_type = b""
        self._id = self._retry = None

    def _unfinished(self) -> ServerSentEvent:
        """Return the event that the buffers spell out so far."""
        data = self._data
        if len(data) < 2**20:
            text = data[:-1].decode("utf-8", "replace")
        else:  # (of much not one copy more than needed)
            text = str(memoryview(data)[:-1], "utf-8", "replace")
        name = self._event_type.decode("utf-8", "replace") if self._event_type else "message"
        return ServerSentEvent(text, name, self._id, self._last_event_id, self._retry)

    def _refuse(self, line_size: int, items: list[Any]) -> None:
        """Drop the event being read, which is over the cap, or raise."""
        if not self._skip:
            size = self._max_event_size - self._room + line_size
            raise EventTooLarge(self._max_event_size, size, items)
        if not self._skipping:
            self.skipped += 1
        self._skipping = True
        self._at_block_start = False
        self._data = bytearray()
        self._room = self._max_event_size
        self._last_event_id = self.last_event_id  # nothing of a dropped block counts
