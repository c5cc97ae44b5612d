"""A decoder to compare with: the HTML Standard, 9.2.5 and 9.2.6, on the whole stream at once.

Nothing here is incremental or fast. The stream is decoded as UTF-8, cut into lines and processed
line by line, each step in the order in which the standard has it. Beyond the standard it knows
what this project adds: the unfinished event at the end, the clamp of long ``retry`` numbers, and
the cap, for which it measures the lines in bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from sseparse._events import Comment, Item, ServerSentEvent, UnknownField

LINE_END = r"\r\n|\n|\r"
LARGEST_RETRY = 10**1000 - 1


@dataclass
class Outcome:
    """All that decoding one stream comes to."""

    items: list[Item] = field(default_factory=list)
    reconnection_time: int | None = None
    last_event_id: str = ""
    leftover: ServerSentEvent | None = None
    skipped: int = 0
    too_large: bool = False


class _Block:
    """The lines between two blank ones."""

    def __init__(self, last_event_id: str) -> None:
        self.data: list[str] = []
        self.event = ""
        self.id: str | None = None
        self.retry: int | None = None
        self.last_event_id = last_event_id
        self.size = 0
        self.dropped = False

    def event_so_far(self) -> ServerSentEvent | None:
        if not self.data:
            return None
        return ServerSentEvent(
            data="\n".join(self.data),
            event=self.event or "message",
            id=self.id,
            last_event_id=self.last_event_id,
            retry=self.retry,
        )


def decode(
    stream: bytes,
    last_event_id: str = "",
    cap: int | None = None,
    oversize: Literal["raise", "skip"] = "raise",
) -> Outcome:
    """Return what the whole stream decodes to, comments and unknown fields kept."""
    if stream in (b"\xef", b"\xef\xbb"):
        cap = None  # as yet part of an order mark, which is no part of any event
    stream = stream.removeprefix(b"\xef\xbb\xbf")
    # A line end is never part of a character, good or bad: both splits have the same lines.
    sizes = [len(line) for line in re.split(LINE_END.encode(), stream)]
    lines = re.split(LINE_END, stream.decode("utf-8", errors="replace"))
    assert len(sizes) == len(lines)

    outcome = Outcome(last_event_id=last_event_id)
    block = _Block(last_event_id)
    for line, size in zip(lines[:-1], sizes[:-1], strict=True):
        if cap is not None and block.size + size > cap:
            _refuse(block, outcome, oversize)
            if outcome.too_large:
                return outcome
        if not line:
            _dispatch(block, outcome)
            block = _Block(outcome.last_event_id)
        elif not block.dropped:
            _process(line, size, block, outcome)
    if cap is not None and block.size + sizes[-1] > cap:
        _refuse(block, outcome, oversize)
    if not (block.dropped or outcome.too_large):
        if lines[-1]:
            _process(lines[-1], sizes[-1], block, Outcome())  # unterminated: commits nothing
        outcome.leftover = block.event_so_far()
    return outcome


def _refuse(block: _Block, outcome: Outcome, oversize: Literal["raise", "skip"]) -> None:
    if oversize == "raise":
        outcome.too_large = True
        return
    outcome.skipped += not block.dropped
    block.dropped = True
    block.size = 0  # what was kept of it is let go; its blank line is still looked for


def _dispatch(block: _Block, outcome: Outcome) -> None:
    if block.dropped:
        return
    outcome.last_event_id = block.last_event_id
    if event := block.event_so_far():
        outcome.items.append(event)


def _process(line: str, size: int, block: _Block, outcome: Outcome) -> None:
    if line.startswith(":"):
        outcome.items.append(Comment(line[1:]))
        return
    name, colon, value = line.partition(":")
    if value.startswith(" "):
        value = value[1:]
        colon += " "
    if name == "data":
        block.data.append(value)
        block.size += size - len(name) - len(colon) + 1
    elif name == "event":
        block.event = value
    elif name == "id" and "\0" not in value:
        block.id = block.last_event_id = value
    elif name == "retry" and re.fullmatch("[0-9]+", value):
        digits = value.lstrip("0")
        block.retry = int(digits or "0") if len(digits) <= 1000 else LARGEST_RETRY
        outcome.reconnection_time = block.retry
    else:
        outcome.items.append(UnknownField(name, value))
