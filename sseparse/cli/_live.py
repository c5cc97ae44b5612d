"""A stream while it arrives, on a terminal: what it says, over a line that tells how far it is.

Lines that are finished are printed, and so scroll as any output does. The last one, still growing,
and the status below it are drawn again a few times a second by rich, whose thread lets the seconds
go on while nothing comes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from sseparse import Delta, Read
from sseparse._events import Item
from sseparse.cli._output import one_line, printable
from sseparse.cli._pace import Pace
from sseparse.cli._views import TextView

REFRESHES = 8
"""Per second: seldom enough to leave the reads alone, often enough to look alive."""


class LiveView(TextView):
    """The text, over a line that tells how the stream is doing. Start it, and close it."""

    def __init__(
        self,
        what: str,
        elsewhere: str,
        *,
        protocol: str | None = None,
        out: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
        state: Callable[[], str] = str,
    ) -> None:
        """Make the view.

        Args:
            what: what the status line ends with.
            elsewhere: see ``TextView``.
            protocol: see ``TextView``.
            out: the terminal; None: stderr.
            now: the clock of the stream, in seconds: a replay has its own, which may stand still.
            state: returns what else there is to say of it, such as ``"paused"``.
        """
        out = sys.stderr if out is None else out
        super().__init__(protocol, out, elsewhere)
        self._what = one_line(what)
        self._now = now
        self._state = state
        self._console = Console(file=out, highlight=False, markup=False, emoji=False)
        # Pieces, not a `Text`: the thread that draws copies a list in one step.
        self._line: list[tuple[str, str]] = []
        self._size = 0
        self._pace = Pace()
        self._shown_at = now()  # by that clock, when the read at `_time` was shown
        self._live = Live(
            get_renderable=self._render,
            console=self._console,
            refresh_per_second=REFRESHES,
            transient=True,
            redirect_stdout=False,
        )

    def start(self) -> None:
        """Begin to draw."""
        self._shown_at = self._now()
        self._live.start()

    def show(self, read: Read) -> None:
        """Show the text that one read brought."""
        self._size += len(read.data)
        super().show(read)
        self._shown_at = self._now()

    def stop(self) -> None:
        """End drawing; what was said stays, the status goes.

        The last line is not ended: more may come of it at the end of the stream, and click ends it
        after Ctrl-C. After an error nobody would.
        """
        self._live.stop()
        grown, self._line = self._line, []
        broken = isinstance(sys.exception(), OSError)
        if grown:
            end = "\n" if broken else ""
            self._console.print(Text.assemble(*grown), soft_wrap=True, end=end)
            self._at_line_start = broken

    def close(self) -> None:
        """End drawing, and show the end of the stream."""
        self.stop()
        super().close()

    def item(self, item: Item, deltas: list[Delta], time: float) -> None:
        """Show what one event added."""
        self._pace.take(deltas, time)
        super().item(item, deltas, time)

    def _write(self, text: str, *, dim: bool = False) -> None:
        if not text:
            return
        self._at_line_start = text.endswith("\n")
        *lines, rest = printable(text).split("\n")
        for line in lines:
            self._line.append((line, "dim" if dim else ""))
            finished, self._line = self._line, []
            self._console.print(Text.assemble(*finished), soft_wrap=True)
        if rest:
            self._line.append((rest, "dim" if dim else ""))

    def _end_line(self) -> None:
        self._write("\n")

    def _show_error(self, message: str) -> None:
        self._error_shown = True
        self._console.print(Text(one_line(message), style="red"), soft_wrap=True)

    def _render(self) -> Group:
        rows = Text.assemble(*self._line.copy()).wrap(self._console, self._console.width)
        fitting = max(1, self._console.height - 2)
        status = Text(self._status(), style="reverse", overflow="ellipsis", no_wrap=True)
        return Group(*rows[-fitting:], status)

    def _status(self) -> str:
        """Return the status in as many words as fit: its figures are worth more than they are."""
        gap = max(0.0, self._now() - self._shown_at)
        seconds, pace = f"{self._time + gap:.1f} s", self._pace.told()
        state = list(filter(None, [self._state()]))
        lines = [
            [seconds, f"{self._events} events", f"{self._size:,} bytes", *pace, f"gap {gap:.1f} s"],
            [seconds, f"{self._events} events", *pace, f"gap {gap:.1f} s"],
        ]
        for parts in lines:
            line = "  ".join([*parts, *state])
            if len(line) <= self._console.width:
                return f"{line}  {self._what}"
        short = [f"{self._time + gap:.1f}s", f"{self._events}ev"]
        short += [figure.replace(" tokens", "t") for figure in pace]
        lines = [[*short, f"gap {gap:.1f}s", *state], [*short, f"{gap:.1f}s", *state]]
        fitting = (line for line in map(" ".join, lines) if len(line) <= self._console.width)
        return next(fitting, " ".join(lines[-1]))
