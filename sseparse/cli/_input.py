"""What a command reads: a file, or stdin while it is still being written, and in which protocol."""

from __future__ import annotations

import contextlib
import errno
import math
import sys
from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import cast

import click
from click.shell_completion import CompletionItem

from sseparse import Assembler, Comment, Decoder, ServerSentEvent
from sseparse._events import Item
from sseparse.assembly import protocol_names

STDIN = "-"

READ_SIZE = 65536
"""Bytes asked for at once; a pipe gives what it has, so nothing is held back."""

# (Whether it can be read is found out by reading it.)
file_argument = click.argument(
    "file", type=click.Path(readable=False, allow_dash=True, path_type=str)
)


def _check_protocol(
    context: click.Context, option: click.Parameter, value: str | None
) -> str | None:
    """Return the name if there is such a protocol, here or in an installed package."""
    try:
        Assembler(value)
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from error
    return value


def _complete_protocol(
    context: click.Context,  # noqa: ARG001 (what click gives)
    option: click.Parameter,  # noqa: ARG001 (likewise)
    start: str,
) -> list[CompletionItem]:
    return [CompletionItem(name) for name in protocol_names() if name.startswith(start)]


protocol_option = click.option(
    "--protocol",
    metavar="NAME",
    callback=_check_protocol,
    shell_complete=_complete_protocol,
    help="What the stream speaks, such as openai-chat; by default it is found out.",
)


@contextlib.contextmanager
def named(file: str) -> Iterator[None]:
    """Name the file in errors of reading, which do not say it, as those of opening do."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or ("stdin" if file == STDIN else file)
        raise


@contextlib.contextmanager
def forceable() -> Iterator[None]:
    """Say of an output that is there already how it is replaced."""
    try:
        yield
    except FileExistsError as error:
        error.strerror = "File exists; --force replaces it"
        raise


def in_folders(files: Iterable[str]) -> Iterator[str]:
    """Yield every file, those in folders too."""
    from sseparse.replay import find_recordings

    for file in files:
        if file != STDIN and Path(file).is_dir():
            with named(file):
                yield from map(str, find_recordings([file]).values())
        else:
            yield file


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


class Head:
    """The start of a stream, kept for the message that it is none."""

    SIZE = 4096

    def __init__(self) -> None:
        self._bytes = bytearray()

    def watch(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the chunks, and keep their start."""
        for chunk in chunks:
            self.see(chunk)
            yield chunk

    def see(self, chunk: bytes) -> None:
        """Keep of a chunk what belongs to the start."""
        if len(self._bytes) < self.SIZE:
            self._bytes += chunk[: self.SIZE - len(self._bytes)]

    def __bool__(self) -> bool:
        """Whether anything came."""
        return bool(self._bytes)

    def of_no_stream(self) -> str | None:
        """Return how the input begins if neither an event nor a comment is in it."""
        decoder: Decoder[Item] = Decoder(keep_comments=True)
        items = [*decoder.feed(bytes(self._bytes)), decoder.close()]
        if not self._bytes.strip() or any(
            isinstance(item, (ServerSentEvent, Comment)) for item in items
        ):
            return None
        text = " ".join(self._bytes.decode("utf-8", "replace").split())
        return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


_SHOWN = 200


class Seconds(click.FloatRange):
    """A number of seconds; click takes ``nan`` for one."""

    name = "seconds"

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{str(value)!r} is no number of seconds.", param, ctx)
        return number
