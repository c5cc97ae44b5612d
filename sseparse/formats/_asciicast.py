r"""A recording as an asciicast, to be watched in asciinema and its web player.

Version 2 of the format (https://docs.asciinema.org/manual/asciicast/v2/), which asciinema 2 and 3
both play: a header, then a line ``[seconds, "o", text]`` for each read that changes what is shown.

What is shown is what the model says (as ``replay --view text`` on a terminal: the reasoning dim, a
line for each tool call), or the stream as it came. Either way it is a stranger's text, and a cast
is played on a terminal: control characters in it become U+FFFD, and lines end with CR LF.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from sseparse._decoder import Decoder
from sseparse._events import Item
from sseparse.assembly import Assembler, Delta
from sseparse.formats._exchange import parse_rfc3339
from sseparse.recording import Recording

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DIM, _RED, _RESET = "\x1b[2m", "\x1b[31m", "\x1b[0m"

_Part = str | tuple[int | None, bool]
"""What a line of the answer belongs to: a kind of text, or a tool call."""


def to_asciicast(
    recording: Recording,
    *,
    title: str = "",
    view: str = "text",
    columns: int = 80,
    rows: int = 24,
    protocol: str | None = None,
) -> str:
    r"""Return a recording as the text of an asciicast file.

    Args:
        recording: any recording; without times all is shown at once.
        title: of the cast.
        view: ``"text"``, what the model says, or ``"raw"``, the stream as it came.
        columns: width of the terminal.
        rows: height of the terminal.
        protocol: what the stream speaks, such as ``"openai-chat"``; None: find out.

    Raises:
        ValueError: there is no such protocol.

    >>> print(to_asciicast(Recording.from_bytes(b": hi\n\n"), view="raw").splitlines()[1])
    [0.0, "o", ": hi\r\n\r\n"]
    """
    header: dict[str, object] = {"version": 2, "width": columns, "height": rows}
    started = parse_rfc3339((recording.header and recording.header.started) or "")
    if started is not None:
        header["timestamp"] = int(started.timestamp())
    if title:
        header["title"] = _printable(title)
    header["env"] = {"TERM": "xterm-256color"}
    screen = _Raw() if view == "raw" else _Said(protocol)
    lines = [_line(header)]
    for time, text in _shown(recording, screen):
        lines.append(_line([round(time, 6), "o", text]))
    return "".join(lines)


def _shown(recording: Recording, screen: _Raw | _Said) -> Iterator[tuple[float, str]]:
    for read in recording.reads:
        if text := screen.show(read.data):
            yield read.time, text
    # (An end without a text is told all the same: the player waits for it.)
    yield recording.duration, screen.close()


def _line(value: object) -> str:
    """Return a line of JSON; what is no Unicode was replaced before."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def _printable(text: str) -> str:
    """Return text that no terminal obeys: only tab and line feed are left as they are."""
    whole = text.encode("utf-8", "replace").decode()
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", whole)


def _on_terminal(text: str) -> str:
    return _printable(text).replace("\n", "\r\n")


class _Raw:
    """The stream as it came; each of its three line ends ends a line."""

    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._after_cr = False
        self._at_line_start = True

    def show(self, data: bytes, *, final: bool = False) -> str:
        text = self._text.decode(data, final)
        after_cr, self._after_cr = self._after_cr, text.endswith("\r") if text else self._after_cr
        if after_cr and text.startswith("\n"):  # its CR has ended the line already
            text = text[1:]
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._at_line_start = text.endswith("\n") if text else self._at_line_start
        return _on_terminal(text)

    def close(self) -> str:
        return self.show(b"", final=True) + ("" if self._at_line_start else "\r\n")


class _Said:
    """What the model says in its first choice."""

    def __init__(self, protocol: str | None) -> None:
        self._decoder: Decoder[Item] = Decoder(
            keep_comments=True, keep_unknown=True, oversize="skip"
        )
        self._assembler = Assembler(protocol)
        self._part: _Part | None = None
        self._calls: set[_Part] = set()
        self._at_line_start = True

    def show(self, data: bytes) -> str:
        return "".join(self._items(self._decoder.feed(data)))

    def close(self) -> str:
        shown = ""
        rest = self._decoder.close()
        if rest is not None:
            shown = "".join(self._deltas(self._assembler.feed_unfinished(rest)))
        completion = self._assembler.close()
        if completion.error is not None and "error" not in self._calls:
            errors = [f.message for f in completion.findings if f.code == "error-in-stream"]
            shown += "".join(self._error(message) for message in errors[:1])
        return shown + ("" if self._at_line_start else "\r\n")

    def _items(self, items: list[Item]) -> Iterator[str]:
        for item in items:
            yield from self._deltas(self._assembler.feed(item))

    def _deltas(self, deltas: list[Delta]) -> Iterator[str]:
        for delta in deltas:
            if delta.choice == 0:
                yield self._delta(delta)

    def _delta(self, delta: Delta) -> str:
        if delta.kind in ("content", "refusal", "audio"):
            part = "refusal" if delta.kind == "refusal" else "content"
            return self._begin(part) + self._write(delta.text)
        if delta.kind == "reasoning":
            return self._begin("reasoning") + self._write(delta.text, _DIM)
        if delta.kind in ("tool_call", "arguments"):
            return self._call(delta)
        if delta.kind == "error":
            return self._error(f"error: {delta.text}")
        return ""

    def _call(self, delta: Delta) -> str:
        call = (delta.tool_call, delta.server)
        kind = "server tool call" if delta.server else "tool call"
        known = call in self._calls
        self._calls.add(call)
        if delta.kind == "arguments":
            moved = self._part != call
            begun = self._begin(call)
            mark = self._write(f"[{kind}, continued] ") if moved else ""
            return begun + mark + self._write(delta.text)
        if known:
            return self._begin(call) + self._write(f" [named] {delta.text} ")
        self._part = None
        named = f"{delta.text} " if delta.text else ""
        return self._begin(call) + self._write(f"[{kind}] {named}")

    def _error(self, message: str) -> str:
        self._calls.add("error")
        line = " ".join(message.splitlines())
        return self._begin("error") + self._write(line, _RED) + self._write("\n")

    def _begin(self, part: _Part) -> str:
        """Begin a line of its own for another part of the answer."""
        another, self._part = self._part != part, part
        return self._write("\n") if another and not self._at_line_start else ""

    def _write(self, text: str, style: str = "") -> str:
        if not text:
            return ""
        self._at_line_start = text.endswith("\n")
        shown = _on_terminal(text)
        return f"{style}{shown}{_RESET}" if style else shown
