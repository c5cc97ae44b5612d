"""``sseparse inspect --events``: every event on a line, as the recording is walked through."""

from __future__ import annotations

import shutil
import sys

import attrs
import click
from rich.cells import cell_len, set_cell_size

from sseparse._events import Comment, UnknownField
from sseparse.assembly import Completion
from sseparse.cli._output import encode_json, one_line, tell
from sseparse.cli._progress import progress, size_of
from sseparse.inspect import Recorded, SeenItem, SeenRead, preview, walk

TYPE = 12
"""Cells of the column of types."""

SHORTEST = len(b"data:x\n\n")
"""Bytes of an event: so many can be in a body at most."""


@attrs.frozen
class Chosen:
    """Which events are listed.

    Attributes:
        types: their types; none: all.
        text: what they hold, upper and lower case alike; None: anything.
        since: seconds from which on they came; None: the start.
        until: seconds up to which they came; None: the end.
    """

    types: tuple[str, ...] = ()
    text: str | None = None
    since: float | None = None
    until: float | None = None

    def has(self, item: SeenItem) -> bool:
        """Return whether an item is one of them."""
        if self.types and item.type not in self.types:
            return False
        if self.since is not None and item.time < self.since:
            return False
        if self.until is not None and item.time > self.until:
            return False
        return self.text is None or self.text.casefold() in _text(item).casefold()


def _text(seen: SeenItem) -> str:
    item = seen.item
    if isinstance(item, Comment):
        return item.text
    return item.value if isinstance(item, UnknownField) else item.data


def list_events(
    recorded: Recorded, file: str, chosen: Chosen, *, as_json: bool, protocol: str | None
) -> None:
    """Print the events of a recording that were chosen."""
    timed = recorded.timing != "none"
    if not timed and (chosen.since is not None or chosen.until is not None):
        raise click.UsageError(f"{one_line(file)} has no times, so none to choose events by")
    size = size_of(recorded)
    if recorded.timing == "created":
        tell("the times are those of created stamps, whole seconds spread evenly: none is measured")
    listing = _Listing(chosen, timed=timed, as_json=as_json, size=size)
    with progress("listing", 0 if sys.stdout.isatty() else size) as advance:
        walk(recorded, listing, protocol=protocol, progress=advance)
    if not listing.count:
        tell("no event is like that" if chosen != Chosen() else "there are no events")


class _Listing:
    """A fold that prints."""

    def __init__(self, chosen: Chosen, *, timed: bool, as_json: bool, size: int) -> None:
        self.count = 0
        self._chosen = chosen
        self._timed = timed
        self._as_json = as_json
        self._time = 0.0
        # As wide as what may be in them, so that the columns of a large file stay columns too.
        self._number = max(5, len(str(size // SHORTEST)))
        self._offset = max(8, len(str(size)))
        self._heading = self._row(("event", "offset", "read", "t", "gap"), "type", "size")
        # In a pipe nothing is cut off but what a preview is anyway.
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
        self._width = width

    def read(self, read: SeenRead) -> None:
        """Take one read."""

    def end(self, completion: Completion) -> None:
        """Take the end of the stream."""

    def item(self, item: SeenItem) -> None:
        """Print one item, if it is one of those."""
        gap, self._time = item.time - self._time, item.time
        if not self._chosen.has(item):
            return
        if self._as_json:
            click.echo(encode_json(self._values(item, gap)))
        else:
            if not self.count:
                click.echo(click.style(self._fitted(self._heading.rstrip()), bold=True))
            click.echo(self._fitted(self._line(item, gap)))
        self.count += 1

    def _values(self, item: SeenItem, gap: float) -> dict[str, object]:
        times = {"time": item.time, "gap": gap} if self._timed else {}
        return {
            "kind": item.kind,
            "number": item.number,
            "offset": item.offset,
            "size": item.size,
            "read": item.read,
            **times,
            "type": item.type,
            "adds": list(dict.fromkeys(delta.kind for delta in item.deltas)),
            "text": _text(item),
        }

    def _line(self, item: SeenItem, gap: float) -> str:
        number = f"{item.number}" if item.kind == "event" else ""
        times = (f"{item.time:.3f}", f"{gap:+.3f}") if self._timed else ("-", "-")
        # What stands last may run from right to left, and moves nothing.
        text = one_line(preview(item))
        places = (number, str(item.offset), str(item.read), *times)
        return self._row(places, one_line(item.type), str(item.size)) + text

    def _fitted(self, line: str) -> str:
        """Return a line that fits the terminal."""
        if not self._width or cell_len(line) < self._width:
            return line
        return set_cell_size(line, max(1, self._width - 2)).rstrip() + "…"

    def _row(self, places: tuple[str, str, str, str, str], kind: str, size: str) -> str:
        number, offset, read, time, gap = places
        width = self._number
        return (
            f"{number:>{width}} {offset:>{self._offset}} {read:>{width}} {time:>8} {gap:>7} "
            f"{set_cell_size(kind, TYPE)} {size:>6}  "
        )
