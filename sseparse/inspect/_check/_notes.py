"""Findings while they are made: one for each code, with the first place and how often."""

from __future__ import annotations

from array import array
from bisect import bisect_right

import attrs

from sseparse.assembly import Finding
from sseparse.inspect._check._rules import RULES
from sseparse.inspect._walk import SeenItem


@attrs.define
class _Note:
    message: str
    number: int | None
    offset: int | None
    times: int = 1
    own_words: bool = False  # they are of one place, and need not hold of another
    weight: float = 0.0


class Notes:
    """Collects what is found.

    A code that is found at many places is one finding, at the first of them: eighty lines that say
    the same of eighty chunks say less than one.
    """

    def __init__(self) -> None:
        self._notes: dict[str, _Note] = {}
        self._starts = array("Q")  # where each event begins, eight bytes for each
        self._ends = array("Q")

    def event(self, item: SeenItem) -> None:
        """Learn where an event stands."""
        self._starts.append(item.offset)
        self._ends.append(item.offset + item.size)

    def note(
        self,
        code: str,
        message: str | None = None,
        *,
        number: int | None = None,
        offset: int | None = None,
        times: int = 1,
        weight: float = 0.0,
    ) -> None:
        """Note what was found; of several places the first stands, or that of the largest weight.

        Args:
            code: of a rule.
            message: one line; None: the title of the rule.
            number: of the event.
            offset: of the byte; None: that of the event.
            times: at how many places.
            weight: how much it counts among others of its code.
        """
        known = self._notes.get(code)
        if known is None or weight > known.weight:
            before = 0 if known is None else known.times
            words = message or RULES[code].title
            own = message is not None
            self._notes[code] = _Note(words, number, offset, before + times, own, weight)
        else:
            known.times += times

    def of_item(
        self, code: str, item: SeenItem, message: str | None = None, *, weight: float = 0.0
    ) -> None:
        """Note what was found in an item."""
        number = item.number if item.kind in ("event", "unfinished") else item.number or None
        self.note(code, message, number=number, offset=item.offset, weight=weight)

    def drop(self, code: str) -> None:
        """Take back what turned out to be none."""
        self._notes.pop(code, None)

    @property
    def events(self) -> int:
        """How many events there were."""
        return len(self._starts)

    def rephrase(self, code: str, message: str) -> None:
        """Say more of what was found, once all of it is known."""
        if code in self._notes:
            self._notes[code].message = message

    def findings(self) -> list[Finding]:
        """Return what was found, with its places."""
        return [self._finding(code, note) for code, note in self._notes.items()]

    def _finding(self, code: str, note: _Note) -> Finding:
        number, offset = note.number, note.offset
        if offset is None and number is not None:
            offset = self.offset_of(number)
        elif number is None and offset is not None:
            number = self._number_at(offset)
        often = f" ({note.times:,} times)" if note.times > 1 else ""
        if often and note.own_words:  # a number in them is not that of the others
            often = f" (and {note.times - 1:,} more)"
        return Finding(code, RULES[code].severity, note.message + often, number, offset)

    def offset_of(self, number: int) -> int | None:
        """Return where an event begins; None: it is not known."""
        return self._starts[number - 1] if 0 < number <= len(self._starts) else None

    def _number_at(self, offset: int) -> int | None:
        """Return the number of the event that a byte is in; None: it is in none."""
        place = bisect_right(self._starts, offset) - 1
        return place + 1 if place >= 0 and offset < self._ends[place] else None
