"""Where the bytes of two bodies part."""

from __future__ import annotations

from collections.abc import Iterator

from sseparse.assembly import Completion
from sseparse.inspect._diff._differences import Difference
from sseparse.inspect._walk import Recorded, SeenItem, SeenRead, walk

SHOWN = 32
"""Bytes that are shown from the first that differs."""

BLOCK = 65536


def byte_differences(a: Recorded, b: Recorded) -> Iterator[Difference]:
    """Yield the first place where two bodies differ, as ``cmp`` does; nothing if they are equal.

    Bytes are given as Latin-1 text, a character for each.
    """
    one, other = (b"".join([read.data for read in recording.reads]) for recording in (a, b))
    if one == other:
        return
    at = _common_start(one, other)
    yield Difference(
        "",
        one[at : at + SHOWN].decode("latin-1"),
        other[at : at + SHOWN].decode("latin-1"),
        _event_at(a, at),
        _event_at(b, at),
        at,
        at,
    )


def _common_start(one: bytes, other: bytes) -> int:
    at = 0
    while one[at : at + BLOCK] == other[at : at + BLOCK]:  # C compares faster than Python
        at += BLOCK
    pairs = zip(one[at : at + BLOCK], other[at : at + BLOCK], strict=False)
    return at + next(
        (index for index, (x, y) in enumerate(pairs) if x != y),
        min(len(one), len(other)) - at,  # one goes on where the other ends
    )


def _event_at(recording: Recorded, offset: int) -> int | None:
    fold = _EventAt(offset)
    walk(recording, fold)
    return fold.number


class _EventAt:
    """A fold that finds the event in which a byte stands."""

    def __init__(self, offset: int) -> None:
        self.number: int | None = None
        self._offset = offset

    def read(self, read: SeenRead) -> None:
        pass

    def item(self, item: SeenItem) -> None:
        if item.kind in ("event", "unfinished") and item.offset <= self._offset:
            self.number = item.number

    def end(self, completion: Completion) -> None:
        pass
