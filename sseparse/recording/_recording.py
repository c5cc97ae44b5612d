"""A recording: the body of a response, and when each network read of it came.

Reading one takes two files at most, in this order of trust:

1. the timing file beside the body (``_sidecar``) cuts the body into the reads as they happened;
2. without it, the ``created`` stamps inside the body (``_stamps``) time its blocks;
3. without those, the blocks have no times: all are at 0.

The body is never judged. Whatever the timing says, the reads joined are the body, byte for byte:
where the two do not fit the body wins, and a warning says so.
"""

from __future__ import annotations

import errno
import functools
import os
from typing import TYPE_CHECKING, Literal, get_args

import attrs

from sseparse._errors import RecordingError
from sseparse.recording._sidecar import End, Header, Timing, parse, sidecar_path
from sseparse.recording._stamps import created_times, split_blocks

if TYPE_CHECKING:
    from pathlib import Path

TimingSource = Literal["sidecar", "created", "none"]

_EOF = End("eof")


@attrs.frozen
class Read:
    """What one network read brought.

    Attributes:
        time: when it came, in seconds since the request was sent.
        data: its bytes.
    """

    time: float
    data: bytes


def _repr_reads(reads: tuple[Read, ...]) -> str:
    return f"<{len(reads)} reads>"


# Not slotted: `cached_property` needs a `__dict__`.
@attrs.frozen(slots=False)
class Recording:
    r"""The body of a response, with times.

    Attributes:
        reads: every network read, in order; without a timing file, every block.
        header: request and response, from the timing file; else None.
        end: how the stream ended. A body without a timing file counts as ended by ``"eof"``.
        timing: where the times come from: ``"sidecar"`` (they were measured), ``"created"`` (from
            the stamps in the body) or ``"none"`` (there are none: all are 0).
        path: the file of the body, or None.
        warnings: what is odd about the files, one line each.

    >>> recording = Recording.from_bytes(b"data: 1\n\ndata: 2\n\n")
    >>> len(recording.reads), recording.timing, recording.body
    (2, 'none', b'data: 1\n\ndata: 2\n\n')
    """

    reads: tuple[Read, ...] = attrs.field(repr=_repr_reads)
    header: Header | None = None
    end: End = _EOF
    timing: TimingSource = "sidecar"
    path: Path | None = None
    warnings: tuple[str, ...] = ()

    @functools.cached_property
    def body(self) -> bytes:
        """All bytes of the response."""
        return b"".join([read.data for read in self.reads])

    @property
    def duration(self) -> float:
        """Seconds from the request to the end; without a time of the end, to the last read."""
        last = self.reads[-1].time if self.reads else 0.0
        return last if self.end.t is None else max(last, self.end.t)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], timing: Literal["auto"] | TimingSource = "auto"
    ) -> Recording:
        """Read a recording from its file or files.

        Args:
            path: the file of the body. The timing file is looked for beside it, under the same
                name with ``.timing.jsonl`` appended.
            timing: where the times shall come from. ``"auto"`` takes the best there is;
                ``"created"`` and ``"none"`` do not look at a timing file.

        Raises:
            OSError: a file cannot be read.
            UnsupportedVersion: a newer sseparse wrote the timing file.
            RecordingError: the timing file is damaged, or the times asked for are not there.
            ValueError: ``timing`` is none of the four.
        """
        from pathlib import Path  # 10 ms to import, and most programs never load a recording

        _check_timing(timing)
        path = Path(path)
        sidecar = sidecar_path(path)
        # The timing first. A recorder at work writes bytes before their line: what is read in this
        # order may have bytes without a line, but never a line without its bytes.
        lines = content(sidecar) if timing in ("auto", "sidecar") else None
        measured = None if lines is None else parse(lines, str(sidecar))
        body = content(path)
        if body is None:
            body = body_before_the_first_byte(path, measured)
        if measured is not None and measured.header.timed:
            return _with_sidecar(body, measured, path)
        if timing == "sidecar":
            why = "there is no such timing file" if measured is None else "it holds no times"
            raise RecordingError(f'{why}; timing="auto" reads the body without', str(sidecar))
        return _without_sidecar(body, timing, path, measured)

    @classmethod
    def from_bytes(cls, body: bytes, timing: Literal["auto"] | TimingSource = "auto") -> Recording:
        """Make a recording of a body at hand; as ``load`` does where there is no timing file.

        Raises:
            RecordingError: ``timing`` is ``"sidecar"``, or ``"created"`` where no stamps are.
            ValueError: ``timing`` is none of the four.
        """
        _check_timing(timing)
        if timing == "sidecar":
            raise RecordingError("bytes have no timing file beside them", "<bytes>")
        return _without_sidecar(bytes(body), timing, None)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        r"""Write the recording to files: the body, and its timing file beside it.

        A body whose times were not measured gets a timing file only for what is known of request
        and response. Both files are written whole under other names, then put in place, with the
        mode 0600 or that of the files they replace.

        Args:
            path: the file of the body.
            overwrite: whether files that exist are replaced.

        Returns:
            The path.

        Raises:
            FileExistsError: there is such a file, and ``overwrite`` is false.
            OSError: a file cannot be written. What was there is as it was.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     recording = Recording((Read(0.5, b"data: 1"), Read(0.75, b"\n\n")))
        ...     path = recording.save(directory + "/fixture.txt")
        ...     Recording.load(path).reads == recording.reads
        True
        """
        from sseparse.recording._files import save_files  # the way of `hashlib`: see _sha256

        return save_files(self, path, overwrite=overwrite)


def _check_timing(timing: str) -> None:
    known = ("auto", *get_args(TimingSource))
    if timing not in known:
        raise ValueError(f"timing is {timing!r}; it is one of {', '.join(known)}")


def content(path: Path) -> bytes | None:
    """Return what a file holds, or None where there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        # A name too long for the file system once the suffix is on it: no such file either.
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            return None
        raise


def body_before_the_first_byte(path: Path, measured: Timing | None) -> bytes:
    """Return the body of a recording that was killed before it made the file of the body."""
    if measured is None or measured.reads or measured.end.reason != "interrupted":
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return b""


def _without_sidecar(
    body: bytes, timing: str, path: Path | None, untimed: Timing | None = None
) -> Recording:
    blocks = split_blocks(body)
    times = created_times(blocks) if timing in ("auto", "created") else None
    if times is None and timing == "created":
        raise RecordingError(
            'no two chunks have different "created" stamps; timing="none" reads it without times',
            "<bytes>" if path is None else str(path),
        )
    source: TimingSource = "none" if times is None else "created"
    reads = [
        Read(time, block) for time, block in zip(times or [0.0] * len(blocks), blocks, strict=True)
    ]
    if untimed is None:
        return Recording(tuple(reads), timing=source, path=path)
    warnings = (*untimed.warnings, *_differences(body, len(body), untimed.end, path))
    return Recording(tuple(reads), untimed.header, untimed.end, source, path, warnings)


def _with_sidecar(body: bytes, timing: Timing, path: Path) -> Recording:
    reads = []
    start = 0
    for time, size in timing.reads:
        if start < len(body) or not size:
            reads.append(Read(time, body[start : start + size]))
        start += size
    if start < len(body):
        # The recorder was killed between the bytes and their line.
        latest = reads[-1].time if reads else timing.header.headers_at or 0.0
        reads.append(Read(latest, body[start:]))
    warnings = (*timing.warnings, *_differences(body, start, timing.end, path))
    return Recording(tuple(reads), timing.header, timing.end, "sidecar", path, warnings)


def _differences(body: bytes, timed: int, end: End, path: Path | None) -> list[str]:
    """Say where the body is not what the timing file speaks of: the first difference found."""
    length = len(body)
    if length != timed:
        what = "the reads are cut to what is there"
        if length > timed:
            what = "the rest is taken as one last read"
        return [f"{path}: the body has {length} bytes, its timing speaks of {timed}; {what}"]
    if end.bytes is not None and end.bytes != length:
        return [f"{path}: the body has {length} bytes, the end line says {end.bytes}"]
    if end.sha256 is not None and end.sha256.lower() != _sha256(body):
        return [f"{path}: the body was changed since it was recorded: its SHA-256 differs"]
    return []


def _sha256(body: bytes) -> str:
    import hashlib  # 6 ms to import, and most programs never check a recording

    return hashlib.sha256(body).hexdigest()
