"""What is shown of the reads: the bytes themselves, the text, or the events.

Every view also decodes and assembles on the side, for the line that sums up at the end. The bytes
go out first, so that showing them never waits for that.
"""

from __future__ import annotations

import codecs
import json
import shutil
import sys
from typing import TextIO

import click

from sseparse import Assembler, Comment, Completion, Decoder, Delta, Read, UnknownField
from sseparse._events import Item
from sseparse.assembly import protocol_names
from sseparse.assembly._registry import load_all
from sseparse.cli._output import one_line, printable, tell


class RawView:
    """The bytes, exactly, flushed at each read; the base of the other views.

    On a terminal, and only there, control characters are shown and not obeyed.
    """

    def __init__(self, protocol: str | None = None, out: TextIO | None = None) -> None:
        """Make a view.

        Args:
            protocol: what the stream speaks; None: it is found out.
            out: where it is shown; None: stdout.
        """
        self._out = sys.stdout if out is None else out
        self._decoder: Decoder[Item] = Decoder(
            keep_comments=True, keep_unknown=True, oversize="skip"
        )
        self._assembler = Assembler(protocol)
        # All protocols now, installed ones too: later it would make a write late, or have what
        # comes meanwhile read as one.
        load_all()
        protocol_names()
        self._events = 0
        self._time = 0.0
        self._unfinished = False
        self._at_line_start = True
        self._terminal = self._out.isatty()
        self._text = codecs.getincrementaldecoder("utf-8")("replace")

    def start(self) -> None:
        """Get ready; most views are."""

    def stop(self) -> None:
        """Leave the terminal as it was, if something went wrong."""

    def show(self, read: Read) -> None:
        """Show one read."""
        data = read.data
        if self._terminal:
            # CR stays: it ends lines, and is the one control that a stream is made with.
            text = self._text.decode(data)
            data = "\r".join(map(printable, text.split("\r"))).encode()
            self._at_line_start = data.endswith((b"\n", b"\r")) if data else self._at_line_start
        self._out.buffer.write(data)
        self._out.buffer.flush()
        self.take(self._decoder.feed(read.data), read.time)

    def take(self, items: list[Item], time: float) -> None:
        """Take what a read completed."""
        self._time = time
        for item in items:
            if not isinstance(item, (Comment, UnknownField)):
                self._events += 1
            self.item(item, self._assembler.feed(item), time)

    def item(self, item: Item, deltas: list[Delta], time: float) -> None:
        """Show one item; the raw view has shown it already."""

    def close(self) -> None:
        """Show the end of the stream, with the event that it cuts short."""
        rest = self._decoder.close()
        if rest is not None:
            self._unfinished = True
            self.item(rest, self._assembler.feed_unfinished(rest), self._time)
        if self._terminal and not self._at_line_start:
            self._end_line()

    def _end_line(self) -> None:
        self._out.write("\n")
        self._at_line_start = True

    def summary(self, seconds: float) -> str:
        """Return the line that sums the stream up."""
        completion = self._assembler.close()
        events = f"{self._events} event{'' if self._events == 1 else 's'}"
        if self._unfinished:
            events += " + 1 unfinished"
        parts = [events, f"{seconds:.2f} s"]
        if self._decoder.skipped:
            parts.append(f"{self._decoder.skipped} too large to decode")
        if completion.protocol != "unknown" or completion.error is not None:
            parts += _how_it_ended(completion)
        elif self._events:
            parts.append("unknown protocol")
        return ", ".join(parts)


_Call = tuple[int | None, bool]  # its place, and whether the provider runs it


class TextView(RawView):
    """What the model says, as it says it; its reasoning dim, and only on a terminal."""

    def __init__(
        self,
        protocol: str | None = None,
        out: TextIO | None = None,
        elsewhere: str = "--view events",
    ) -> None:
        """Make a view.

        Args:
            protocol: see ``RawView``.
            out: see ``RawView``.
            elsewhere: what shows a stream that has no text known here.
        """
        super().__init__(protocol, out)
        self._elsewhere = elsewhere
        self._error_shown = False
        self._part: str | _Call | None = None
        self._calls: set[_Call] = set()

    def show(self, read: Read) -> None:
        """Show the text that one read brought."""
        self.take(self._decoder.feed(read.data), read.time)
        self._out.flush()

    def item(self, item: Item, deltas: list[Delta], time: float) -> None:
        """Show what one event added to the first choice."""
        for delta in deltas:
            if delta.choice == 0:
                self._show_delta(delta)

    def close(self) -> None:
        """End the last line, and show the error of a stream whose protocol nothing has decided."""
        super().close()
        if not self._at_line_start:
            self._write("\n")
        completion = self._assembler.close()
        for finding in completion.findings:
            if finding.code == "error-in-stream" and not self._error_shown:
                self._show_error(finding.message)
        if completion.extra and completion.protocol == "unknown" and not self._error_shown:
            if isinstance(text := completion.extra.get("text"), str):
                self._write(text if text.endswith("\n") else f"{text}\n")
                self._out.flush()
            tell(
                f"no protocol known here, so only plain text; {self._elsewhere} shows what is there"
            )

    def _show_delta(self, delta: Delta) -> None:
        if delta.kind in ("content", "refusal", "audio"):
            self._begin("refusal" if delta.kind == "refusal" else "content")
            self._write(delta.text)
        elif delta.kind == "reasoning" and self._terminal:
            another = self._begin("reasoning")
            # (The blank line between two thoughts is for where they follow one another.)
            self._write(delta.text.lstrip("\n") if another else delta.text, dim=True)
        elif delta.kind == "tool_call":
            self._begin_call(delta)
        elif delta.kind == "arguments":
            if self._begin((delta.tool_call, delta.server)):  # calls that grow by turns
                self._write(f"[{_call_kind(delta)}, continued] ")
            self._write(delta.text)
        elif delta.kind == "error":
            self._begin("error")
            self._show_error(f"error: {delta.text}")

    def _begin_call(self, delta: Delta) -> None:
        call = delta.tool_call, delta.server
        if call not in self._calls:
            self._calls.add(call)
            self._part = None
            self._begin(call)
            self._write(f"[{_call_kind(delta)}] " + (f"{delta.text} " if delta.text else ""))
        elif self._at_line_start or self._part != call:
            self._begin(call)
            self._write(f"[{_call_kind(delta)}, named] {delta.text} ")
        else:  # a name that comes after the arguments
            self._write(f" [named] {delta.text} ")

    def _show_error(self, message: str) -> None:
        self._error_shown = True
        self._out.flush()  # what was said before stands before it
        click.echo(click.style(one_line(message), fg="red"), err=True)

    def _begin(self, part: str | _Call) -> bool:
        """Start a line of its own for another part of the answer; return whether it is another."""
        another = self._part != part
        if another and not self._at_line_start:
            self._write("\n")
        self._part = part
        return another

    def _write(self, text: str, *, dim: bool = False) -> None:
        if text:
            self._at_line_start = text.endswith("\n")
            # Escape sequences in a stream are not to reach the terminal; a file gets the text.
            shown = printable(text) if self._terminal else text
            self._out.write(click.style(shown, dim=True) if dim else shown)


class EventsView(RawView):
    """A line for each item: its time in the recording, its number, its type and its data.

    On a terminal the line is cut to fit, and what the event adds to the answer stands before its
    data: the data of all events begin alike.
    """

    def __init__(self, protocol: str | None = None, out: TextIO | None = None) -> None:
        super().__init__(protocol, out)
        self._width = shutil.get_terminal_size().columns if self._terminal else None
        self._kind_width = len("message")

    def show(self, read: Read) -> None:
        """Show the events that one read completed."""
        self.take(self._decoder.feed(read.data), read.time)
        self._out.flush()

    def item(self, item: Item, deltas: list[Delta], time: float) -> None:
        """Show one item."""
        if isinstance(item, Comment):
            number, kind, text = "", ":", item.text
        elif isinstance(item, UnknownField):
            number, kind, text = "", f"({item.name})", item.value
        else:
            number = "cut" if self._unfinished else str(self._events)
            kind, text = item.event, item.data
            # A column as wide as the widest type so far, within reason.
            self._kind_width = max(self._kind_width, min(len(kind), 26))
        text = text.replace("\n", "\\n")
        if self._width is not None:
            text = "  ".join([*map(_added, filter(_says_something, deltas)), text])
        line = f"{time:9.3f}  {number:>5}  {kind:<{self._kind_width}}  {text}"
        if self._width is not None:
            line = _fitted(line, self._width)
        self._out.write(printable(line) + "\n")


VIEWS: dict[str, type[RawView]] = {"raw": RawView, "text": TextView, "events": EventsView}


def _call_kind(delta: Delta) -> str:
    return "server tool call" if delta.server else "tool call"


def _says_something(delta: Delta) -> bool:
    return bool(delta.text) and delta.kind not in ("usage", "citation")


def _added(delta: Delta) -> str:
    choice = f"[{delta.choice}]" if delta.choice else ""
    return f"{delta.kind}{choice} {json.dumps(delta.text, ensure_ascii=False)}"


def _fitted(line: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size  # 30 ms to import, for terminals only

    line = line.expandtabs()
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + "…"


def _how_it_ended(completion: Completion) -> list[str]:
    parts = []
    if completion.finish_reason is not None or not completion.complete:
        parts.append(f"finish_reason {completion.finish_reason or 'none'}")
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
