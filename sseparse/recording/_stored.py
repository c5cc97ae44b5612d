"""A recording in its files, read as it is asked for: for what is too large to be held twice.

``Recording.load`` holds the body and the reads that it is cut into. Here only the timing is held
(two numbers a read); the body stays on the disk and is read anew by each pass over ``reads``. What
can be read only once, as a pipe, is held after all.
"""

from __future__ import annotations

import io
import itertools
import stat
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import attrs

from sseparse.recording._read_times import ReadTimes
from sseparse.recording._recording import (
    Read,
    TimingSource,
    body_before_the_first_byte,
    content,
)
from sseparse.recording._sidecar import End, Header, Timing, parse, sidecar_path
from sseparse.recording._stamps import created_times, split_blocks

if TYPE_CHECKING:
    import os
    from pathlib import Path

WINDOW = 2**18
"""Bytes read from the disk at once."""


@attrs.frozen
class StoredRecording:
    r"""A recording whose body stays in its file; else as ``Recording``.

    Attributes:
        path: the file of the body.
        size: its length in bytes.
        header: see ``Recording``, as for the attributes below.
        end: see there.
        timing: see there.
        warnings: what is odd about the files; whether the body was changed is not looked into.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     file = directory + "/fixture.txt"
    ...     with open(file, "wb") as body:
    ...         _ = body.write(b"data: 1\n\ndata: 2\n\n")
    ...     stored = open_recording(file)
    ...     stored.size, [read.data for read in stored.reads]
    (18, [b'data: 1\n\n', b'data: 2\n\n'])
    """

    path: Path
    size: int
    header: Header | None
    end: End
    timing: TimingSource
    warnings: tuple[str, ...] = ()
    _times: ReadTimes = attrs.field(factory=ReadTimes, repr=False)
    _held: bytes | None = attrs.field(default=None, repr=False)

    @property
    def reads(self) -> Iterator[Read]:
        """Every network read, in order; each pass opens the file anew.

        Raises:
            OSError: the file cannot be read.
        """
        if not self.size:
            yield from (Read(time, b"") for time, _ in self._times)
            return
        with _open(self.path, self._held) as file:
            left = self.size
            for time, size in self._times:
                if left or not size:
                    yield Read(time, file.read(min(size, left)))
                    left -= min(size, left)
            if left:  # the recorder was killed between the bytes and their line
                head = self.header.headers_at if self.header is not None else None
                latest = self._times[-1][0] if self._times else head or 0.0
                yield Read(latest, file.read(left))

    @property
    def duration(self) -> float:
        """Seconds from the request to the end; without a time of the end, to the last read."""
        last = self._times[-1][0] if self._times else 0.0
        return last if self.end.t is None else max(last, self.end.t)


def open_recording(path: str | os.PathLike[str]) -> StoredRecording:
    """Open a recording without holding its body in memory; else as ``Recording.load``.

    Raises:
        OSError: a file cannot be read.
        UnsupportedVersion: a newer sseparse wrote the timing file.
        RecordingError: the timing file is damaged.
    """
    from pathlib import Path  # see Recording.load

    path = Path(path)
    sidecar = sidecar_path(path)
    lines = content(sidecar)  # the timing first: see Recording.load
    measured = None if lines is None else parse(lines, str(sidecar))
    del lines
    held = None
    try:
        status = path.stat()
    except FileNotFoundError:
        held = body_before_the_first_byte(path, measured)
        size = len(held)
    else:
        if not stat.S_ISREG(status.st_mode):  # a pipe, say: it tells no size, and is read once
            held = path.read_bytes()
        size = status.st_size if held is None else len(held)
    if measured is not None and measured.header.timed:
        warnings = (*measured.warnings, *_differences(path, size, measured))
        header, end = measured.header, measured.end
        return StoredRecording(
            path, size, header, end, "sidecar", warnings, measured.reads, held=held
        )
    return _untimed(path, size, held, measured)


def _differences(path: Path, size: int, measured: Timing) -> list[str]:
    timed = sum(size for _, size in measured.reads) if measured.header.timed else size
    if size != timed:
        return [f"{path}: the body has {size} bytes, its timing speaks of {timed}"]
    if measured.end.bytes not in (None, size):
        return [f"{path}: the body has {size} bytes, the end line says {measured.end.bytes}"]
    return []


def _untimed(path: Path, size: int, held: bytes | None, measured: Timing | None) -> StoredRecording:
    """Cut a body into its blocks, timed by their stamps; none is kept."""
    with _open(path, held) as file:
        sizes = array("q", map(len, _blocks(file)))
        file.seek(0)
        times = created_times(_blocks(file))
    source: TimingSource = "none" if times is None else "created"
    blocks = ReadTimes(zip(times or itertools.repeat(0.0, len(sizes)), sizes, strict=True))
    if measured is None:
        return StoredRecording(path, size, None, End("eof"), source, (), blocks, held=held)
    warnings = (*measured.warnings, *_differences(path, size, measured))
    header, end = measured.header, measured.end
    return StoredRecording(path, size, header, end, source, warnings, blocks, held=held)


def _open(path: Path, held: bytes | None) -> BinaryIO:
    """Open the body: its file, or what is held of it."""
    return path.open("rb") if held is None else io.BytesIO(held)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield what ``split_blocks`` returns, with no more of the file in memory than it takes."""
    rest = b""
    window = WINDOW
    while data := file.read(window):
        *whole, rest = split_blocks(rest + data)
        yield from whole
        # A block larger than the window is not looked through again for each.
        window = max(WINDOW, len(rest))
    if rest:
        yield rest
