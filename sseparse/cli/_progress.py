"""How far a command is with what takes long: a bar on stderr, where somebody looks at it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sseparse.inspect import Recorded

WORTH_IT = 8 * 2**20
"""Bytes below which all is over before a bar is seen."""


def size_of(recorded: Recorded) -> int:
    """Return the bytes there are to read; 0 for what is in memory already."""
    from sseparse.recording import StoredRecording

    return recorded.size if isinstance(recorded, StoredRecording) else 0


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], object] | None]:
    """Show a bar while the block runs, on a terminal, if there is much to do.

    Args:
        what: stands before it.
        total: bytes there are to read.

    Yields:
        What is called with the bytes that were read; None: there is no bar.
    """
    if total < WORTH_IT or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True))
    console = Console(stderr=True, markup=False, emoji=False)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        left = 0

        def advance(size: int) -> None:
            nonlocal left  # told in portions: a bar is slower than a walk
            left += size
            if left >= WORTH_IT // 32:
                bar.advance(task, left)
                left = 0

        yield advance
