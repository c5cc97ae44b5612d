"""The keys of a replay on a terminal: a clock that people can stop, step and turn.

The player asks a clock what time it is and lets it wait; ``Keys`` is such a clock. Its time is that
of the recording: it stands while paused, runs faster after ``+``, and jumps to where the next event
is due on ``.``. So the player needs to know nothing of keys.

Where there is no terminal, or no termios (Windows), no keys are read and nothing changes.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import sys
import time
from collections.abc import Iterator

LEAST, MOST = 1 / 64, 64.0


class Quit(Exception):
    """``q`` was pressed."""


class Keys:
    """A clock for ``play``, in seconds of the recording.

    Args:
        speed: how many seconds of the recording pass in a second, to begin with; where it is
            infinite, nobody waits by this clock, and there is no speed to change.
    """

    def __init__(self, speed: float) -> None:
        self._at_once = math.isinf(speed)
        self._speed = 1.0 if self._at_once else speed
        self._paused = False
        self._stepping = False
        self._at, self._since = 0.0, time.monotonic()

    def now(self) -> float:
        """Return how far the recording is."""
        running = 0.0 if self._paused else (time.monotonic() - self._since) * self._speed
        return self._at + running

    def wait(self, seconds: float) -> None:
        """Let so many seconds of the recording pass, or return sooner because of a key.

        Raises:
            Quit: ``q`` was pressed.
        """
        if self._stepping:
            self._set(self.now() + seconds)
            return
        self._read(None if self._paused else seconds / self._speed)

    def heed(self) -> None:
        """Do what was pressed while nothing was waited for; return when the next may be shown.

        Raises:
            Quit: ``q`` was pressed.
        """
        self._read(0.0)
        while self._paused and not self._stepping:
            self._read(None)

    def _read(self, patience: float | None) -> None:
        ready, _, _ = select.select([sys.stdin], [], [], patience)
        if ready:
            for key in os.read(sys.stdin.fileno(), 64):
                self._press(chr(key))

    def shown(self) -> None:
        """Note that what was waited for is there: a step ends."""
        self._stepping = False

    def state(self) -> str:
        """Return what people see of it: that it is paused, or how fast it runs."""
        return "paused" if self._paused else f"x{self._speed:g}" if self._speed != 1 else ""

    def _press(self, key: str) -> None:
        if key == "q":
            raise Quit
        at = self.now()
        if key == " ":
            self._paused = not self._paused
        elif key == ".":
            self._paused = self._stepping = True
        elif self._at_once:
            return
        elif key in "+=":  # "=" is "+" without shift
            self._speed = min(self._speed * 2, MOST)
        elif key in "-_":
            self._speed = max(self._speed / 2, LEAST)
        self._set(at)

    def _set(self, at: float) -> None:
        self._at, self._since = at, time.monotonic()


def keys_work() -> bool:
    """Return whether there is a terminal to press keys at."""
    with contextlib.suppress(ImportError, ValueError):
        import termios  # noqa: F401 (only whether it is there)

        return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    return False


@contextlib.contextmanager
def keys_at_once() -> Iterator[None]:
    """Let keys come as they are pressed, unseen; Ctrl-C works as ever. Put all back at the end."""
    import termios

    before = termios.tcgetattr(sys.stdin)
    at_once = termios.tcgetattr(sys.stdin)
    at_once[3] &= ~(termios.ICANON | termios.ECHO)
    try:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, at_once)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
