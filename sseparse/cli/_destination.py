"""Where a command writes to: a file that is made whole or not at all, or stdout."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from sseparse.cli._input import STDIN, forceable, named
from sseparse.recording import sidecar_path
from sseparse.recording._files import replace_file


def destination(out: str | None, files: Iterable[str], *, force: bool) -> Path | None:
    """Return the file to write, before any work is done; None: stdout.

    Args:
        out: as given; None or ``-``: stdout.
        files: what is read, which is not to be replaced.
        force: replace a file that is there.

    Raises:
        UsageError: it is one of those files.
        FileExistsError: it is there, and ``force`` is false.
    """
    if out in (None, STDIN):
        return None
    path = Path(str(out))
    if any(path.resolve() in _files_of(Path(file)) for file in files if file != STDIN):
        raise click.UsageError(f"{path} is the recording itself; choose another name for OUT")
    if path.is_file() and not force:
        with forceable():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    return path


def _files_of(path: Path) -> list[Path]:
    """Return the two files of a recording, links followed."""
    return [path.resolve(), sidecar_path(path).resolve(), sidecar_path(path.resolve())]


def write_to(path: Path | None, data: bytes) -> None:
    """Write a file whole or not at all, or stdout; a device or a pipe is written to as it is."""
    if path is None:
        sys.stdout.buffer.write(data)
        return
    with named(str(path)):
        replace_file(path, data)
