"""What ``replay`` shows of the reads: the bytes themselves, the text, or the events.

Every view also decodes and assembles on the side, for the line that sums up at the end. The bytes
go out first, so that showing them never waits for that.
"""

from __future__ import annotations

import re
import shutil
import sys

import click

from sseparse import Assembler, Comment, Completion, Decoder, Delta, Read, UnknownField
from sseparse._events import Item

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class RawView:
    """The bytes, exactly, flushed at each read; the base of the other views."""

    def __init__(self) -> None:
        self._decoder: Decoder[Item] = Decoder(
            keep_comments=True, keep_unknown=True, oversize="skip"
        )
        self._assembler = Assembler()
        self._events = 0

    def show(self, read: Read) -> None:
        """Show one read."""
        sys.stdout.buffer.write(read.data)
        sys.stdout.buffer.flush()
        self.take(self._decoder.feed(read.data), read.time)

    def take(self, items: list[Item], time: float) -> None:
        """Take what a read completed."""
        for item in items:
            if not isinstance(item, (Comment, UnknownField)):
                self._events += 1
            self.item(item, self._assembler.feed(item), time)

    def item(self, item: Item, deltas: list[Delta], time: float) -> None:
        """Show one item; the raw view has shown it already."""

    def close(self) -> None:
        """Show the end of the stream."""
        self._assembler.feed_unfinished(self._decoder.close())

    def summary(self, seconds: float) -> str:
        """Return the line that sums the stream up."""
        completion = self._assembler.close()
        parts = [f"{self._events} event{'' if self._events == 1 else 's'}", f"{seconds:.2f} s"]
        if completion.protocol != "unknown" or completion.error is not None:
            parts += _how_it_ended(completion)
        return ", ".join(parts)


class TextView(RawView):
    """What the model says, as it says it; its reasoning dim, and only on a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._at_line_start = True
        self._kind: str | None = None
        self._terminal = sys.stdout.isatty()

    def show(self, read: Read) -> None:
        """Show the text that one read brought."""
        self.take(self._decoder.feed(read.data), read.time)
        sys.stdout.flush()

    def item(self, item: Item, deltas: list[Delta], time: float) -> None:
        """Show what one event added to the first choice."""
        for delta in deltas:
            if delta.choice == 0:
                self._show_delta(delta)

    def close(self) -> None:
        """End the last line."""
        super().close()
        if not self._at_line_start:
            self._write("\n")

    def _show_delta(self, delta: Delta) -> None:
        if delta.kind in ("content", "refusal", "audio"):
            self._begin("content")
            self._write(delta.text)
        elif delta.kind == "reasoning" and self._terminal:
            self._begin("reasoning")
            self._write(delta.text, dim=True)
        elif delta.kind == "tool_call":
            self._begin(None)
            self._write(f"[tool call] {delta.text} ")
        elif delta.kind == "arguments":
            self._write(delta.text)
        elif delta.kind == "error":
            self._begin(None)
            click.echo(click.style(f"error: {_printable(delta.text)}", fg="red"), err=True)

    def _begin(self, kind: str | None) -> None:
        """Start a line of its own for another kind of text."""
        if (kind is None or kind != self._kind) and not self._at_line_start:
            self._write("\n")
        self._kind = kind

    def _write(self, text: str, *, dim: bool = False) -> None:
        if text:
            self._at_line_start = text.endswith("\n")
            # Escape sequences in a stream are not to reach the terminal; a file gets the text.
            shown = _printable(text) if self._terminal else text
            sys.stdout.write(click.style(shown, dim=True) if dim else shown)


class EventsView(RawView):
    """A line for each item: its time in the recording, its number, its type and its data."""

    def __init__(self) -> None:
        super().__init__()
        self._width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None

    def show(self, read: Read) -> None:
        """Show the events that one read completed."""
        self.take(self._decoder.feed(read.data), read.time)
        sys.stdout.flush()

    def item(self, item: Item, deltas: list[Delta], time: float) -> None:
        """Show one item."""
        if isinstance(item, Comment):
            number, kind, text = "", ":", item.text
        elif isinstance(item, UnknownField):
            number, kind, text = "", f"({item.name})", item.value
        else:
            number, kind, text = str(self._events), item.event, item.data
        text = _printable(text.replace("\n", "\\n"))
        line = f"{time:9.3f}  {number:>5}  {_printable(kind):<10}  {text}"
        if self._width is not None and len(line) > self._width:
            line = line[: self._width - 1] + "…"
        sys.stdout.write(line + "\n")


VIEWS: dict[str, type[RawView]] = {"raw": RawView, "text": TextView, "events": EventsView}


def _printable(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def _how_it_ended(completion: Completion) -> list[str]:
    parts = [f"finish_reason {completion.finish_reason or 'none'}"]
    if completion.usage is not None:
        usage = completion.usage
        counts = [
            f"{count} {name}"
            for count, name in ((usage.input_tokens, "in"), (usage.output_tokens, "out"))
            if count is not None
        ]
        total = f"{usage.total_tokens} tokens" if usage.total_tokens is not None else "tokens"
        parts.append(f"{total} ({', '.join(counts)})" if counts else total)
    if len(completion.choices) > 1:
        parts.append(f"{len(completion.choices)} choices")
    if not completion.complete:
        parts.append("with an error" if completion.ended_by == "error" else "incomplete")
    return parts
