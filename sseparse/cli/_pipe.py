"""A pipe that keeps its writes apart: the next waits until the reader has taken the last.

Where reads of a recording are close together, two writes are in a pipe before its reader has woken
up, and come as one read. So a write waits until the pipe is empty, if only for a moment: who reads
nothing (a pager, a program that thinks) makes a burst of reads late by as much, once, and the pace
not at all.

How full a pipe is, Linux tells at both its ends. Elsewhere nothing is waited for.
"""

from __future__ import annotations

import os
import stat
import struct
import sys
import time
from typing import BinaryIO

PATIENCE = 0.01
"""Seconds for a burst of reads; a reader that does nothing else needs a tenth of a millisecond."""

_PAUSE = 0.001
"""Seconds without a write after which the next begins a new burst."""

_STEP = 0.00002
"""Seconds between two looks; the system makes 0.08 ms of it."""


class Pipe:
    """What waits for the reader of a pipe; for a file or a terminal it does nothing."""

    def __init__(self, out: BinaryIO) -> None:
        self._file = _file_of(out)
        self._patience = PATIENCE
        self._waited_at = 0.0
        if self._file is not None:
            unread(self._file)  # what that imports, a write would have to wait for

    def wait(self) -> None:
        """Wait until the reader has taken all, or has had its time for it."""
        if self._file is None:
            return
        now = time.monotonic()
        if now - self._waited_at > _PAUSE:
            self._patience = PATIENCE
        while unread(self._file) and self._patience > 0:
            time.sleep(_STEP)
            self._patience -= time.monotonic() - now
            now = time.monotonic()
        self._waited_at = now


def unread(file: int) -> int:
    """Return how many bytes are in a pipe. Linux only.

    >>> reader, writer = os.pipe()
    >>> os.write(writer, b"data: 1"), unread(writer)
    (7, 7)
    >>> os.close(reader), os.close(writer)
    (None, None)
    """
    import fcntl
    import termios

    size: int = struct.unpack("i", fcntl.ioctl(file, termios.FIONREAD, bytes(4)))[0]
    return size


def _file_of(out: BinaryIO) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        file = out.fileno()
        return file if stat.S_ISFIFO(os.fstat(file).st_mode) else None
    except OSError:  # no file at all, as in tests
        return None
