"""How reads and events fall together: what the network made of the stream, and what breaks parsers.

Without measured times the reads are the blocks themselves, and then there is nothing to learn.
"""

from __future__ import annotations

import re

import attrs

from sseparse.inspect._walk import SeenItem, SeenRead

# The beginning of a UTF-8 character that lacks its end (RFC 3629, section 4).
_CUT_CHARACTER = re.compile(
    rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z"
)


@attrs.frozen
class Cuts:
    """How reads and events fall together.

    Attributes:
        split_events: events that more than one read brought.
        coalesced_reads: reads that completed more than one event.
        most_events_in_a_read: how many events one read completed at most.
        inside_characters: reads that end inside a UTF-8 character.
        inside_line_ends: reads that end between the CR and the LF of one line end.
    """

    split_events: int = 0
    coalesced_reads: int = 0
    most_events_in_a_read: int = 0
    inside_characters: int = 0
    inside_line_ends: int = 0


class CutsFold:
    """A fold that counts them."""

    def __init__(self) -> None:
        self._tail = b""  # the last bytes so far: as many as a character may have, less one
        self._split = self._coalesced = self._most = self._characters = self._line_ends = 0
        self._completed = 0  # by the read at hand

    def read(self, read: SeenRead) -> None:
        """Take one read."""
        self._count_read()
        if not read.data:
            return
        first = read.data[0]
        self._characters += 0x80 <= first <= 0xBF and bool(_CUT_CHARACTER.search(self._tail))
        self._line_ends += self._tail[-1:] == b"\r" and first == 10
        self._tail = (self._tail + read.data)[-3:] if len(read.data) < 3 else read.data[-3:]

    def item(self, item: SeenItem) -> None:
        """Take one item."""
        if item.kind in ("event", "unfinished"):
            self._split += item.first_read != item.read
            self._completed += item.kind == "event"

    def _count_read(self) -> None:
        self._coalesced += self._completed > 1
        self._most = max(self._most, self._completed)
        self._completed = 0

    def cuts(self) -> Cuts:
        """Return what was counted; call it at the end."""
        self._count_read()
        return Cuts(self._split, self._coalesced, self._most, self._characters, self._line_ends)
