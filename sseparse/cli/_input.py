"""Where the bytes of a command come from: a file, or stdin while it is still being written."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import cast

import click

STDIN = "-"

READ_SIZE = 65536
"""Bytes asked for at once; a pipe gives what it has, so nothing is held back."""

# (Whether it can be read is found out by reading it.)
file_argument = click.argument(
    "file", type=click.Path(readable=False, allow_dash=True, path_type=str)
)


@contextlib.contextmanager
def named(file: str) -> Iterator[None]:
    """Name the file in errors of reading, which do not say it, as those of opening do."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or ("stdin" if file == STDIN else file)
        raise


def read_chunks(file: str) -> Iterator[bytes]:
    """Yield the bytes of a file, or of stdin as they arrive.

    Raises:
        OSError: it cannot be read; ``filename`` says which.
    """
    with named(file):
        if file == STDIN:
            if sys.stdin is None:
                raise OSError(errno.EBADF, "it is closed")
            stdin = cast("BufferedReader", sys.stdin.buffer)
            while chunk := stdin.read1(READ_SIZE):
                yield chunk
        else:
            with Path(file).open("rb") as opened:
                while chunk := opened.read(READ_SIZE):
                    yield chunk
