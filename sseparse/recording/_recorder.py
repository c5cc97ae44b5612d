r"""The recorder: a body and its timing file, written while the stream runs.

For each read the bytes go to the body first and then their line to the timing file, unbuffered and
append-only, so that a kill at any moment leaves a recording: all that was handed over is there, and
the missing end line says "interrupted".

The stream comes first. Once the files are open nothing here raises and nothing is waited for but
the file system, and another thread that writes at this moment. Where writing fails (the disk is
full, the folder is gone) the recording ends, the error is reported once, and all further calls do
nothing. So it may be used in asyncio as it is; a write takes a few microseconds
(``benchmarks/test_recorder.py``).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import math
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sseparse.recording._content_coding import (
    BadContentEncoding,
    ContentDecoder,
    coding_in,
    is_known,
)
from sseparse.recording._ends import end_reason
from sseparse.recording._files import claim, remove, replace
from sseparse.recording._redaction import Headers, Request, kept_response_headers, kept_text
from sseparse.recording._sidecar import (
    End,
    Header,
    encode_end,
    encode_header,
    encode_read,
)

LOOK_EVERY = 0.5
"""Seconds after which a write looks whether the files are still there: deleted ones take writes."""

Report = Callable[[str], None]
"""Takes one line on what went wrong."""


def log_error(message: str) -> None:
    """Report by the logger ``sseparse``, which prints to stderr unless logging is set up."""
    logging.getLogger("sseparse").error("%s", message)


class Recorder:
    r"""Records one response.

    Times are seconds since the request was sent: make the recorder right before. The files are
    there from then on, and are taken away by ``abandon`` if no response came.

    Attributes:
        path: the file of the body.
        end: how the stream ended, once it has; see ``End.reason``.
        message: what the library or the system said of that end, or None.
        error: what ended the recording early, or None.
        reads: how many reads were recorded.
        size: how many bytes of the body.

    >>> import tempfile
    >>> from sseparse import Recording
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     with Recorder(directory + "/fixture.txt") as recorder:
    ...         for chunk in (b"data: hel", b"lo\n\n"):
    ...             recorder.write(chunk)
    ...     recording = Recording.load(directory + "/fixture.txt")
    >>> [read.data for read in recording.reads], recording.end.reason
    ([b'data: hel', b'lo\n\n'], 'eof')
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        request: Request | None = None,
        request_body: bool = False,
        overwrite: bool = False,
        sent_at: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        on_error: Report = log_error,
    ) -> None:
        """Open the files.

        Args:
            path: the file of the body; the timing file is made beside it.
            request: what was asked; less all that may hold a secret, it goes into the header.
            request_body: keep the JSON body of the request too, less its credentials.
            overwrite: replace a recording that is there, once the response begins.
            sent_at: when the request was sent, by ``clock``; None: now.
            clock: returns the present, in seconds from anywhere.
            on_error: is told, in one line, what ended the recording early.

        Raises:
            FileExistsError: a file is there already, and ``overwrite`` is false.
            OSError: a file cannot be opened.
        """
        self.path = Path(path)
        self.end: str | None = None
        self.message: str | None = None
        self.error: Exception | None = None
        self.reads = 0
        self.size = 0
        self._clock = clock
        self._sent(clock() if sent_at is None else sent_at)
        self._request = None if request is None else request.kept(body=request_body)
        self._on_error = on_error
        self._decoder: ContentDecoder | None = None
        # Reads come from one thread after another, but they come from several all the same.
        self._lock = threading.RLock()
        self._latest = 0.0
        self._looked = 0.0
        self._sha256 = hashlib.sha256()
        self._begun = False
        self._overwrite = overwrite
        self._claim = claim(self.path, overwrite=overwrite)
        self._open = True

    def sent(self) -> None:
        """Let times count from now: the request has only just been sent."""
        if not self._begun:
            self._sent(self._clock())

    def elapsed(self) -> float:
        """Return the seconds since the request was sent."""
        return self._clock() - self._zero

    def response(
        self, status: int, headers: Headers = (), *, at: float | None = None, raw: bool = False
    ) -> None:
        """Take the head of the response; the header of the recording is written with it.

        Without this call ``write`` begins the recording, and no response is told of.

        Args:
            status: the HTTP status code.
            headers: name and value pairs; those on the allow-list are kept.
            at: when they came, in seconds since the request was sent; None: now.
            raw: what ``write`` is going to be given are the bytes as they came over the network:
                they are decoded by their content-encoding. Else they have been, by whoever gives
                them, as HTTP libraries do.
        """
        with self._lock:
            if self._open and not self._begun:
                self._respond(status, list(headers), at, raw=raw)

    def _respond(
        self, status: int, headers: list[tuple[str, str]], at: float | None, *, raw: bool
    ) -> None:
        coding = coding_in(headers)
        undecodable = None
        # Of a coding that is not known here, no library has undone anything either.
        if coding and (raw or not is_known(coding)):
            try:
                self._decoder = ContentDecoder(coding)
            except BadContentEncoding as error:
                undecodable, coding = error, ""
        self._begin(status, headers, self._time(at), coding or None)
        if undecodable is not None and self._open:
            self._fail(undecodable, "bad_content_encoding")

    def write(self, data: bytes | bytearray | memoryview, at: float | None = None) -> None:
        """Record one network read.

        Args:
            data: its bytes. None at all are no read.
            at: when it came, in seconds since the request was sent; None: now. A time before that
                of the last read is taken for the same.
        """
        with self._lock:
            if self._open:
                self._write(data, at)

    def _write(self, data: bytes | bytearray | memoryview, at: float | None) -> None:
        time = self._time(at)
        if not self._begun:
            self._begin(None, (), None, None)
        if type(data) is not bytes:
            data = bytes(memoryview(data))
        try:
            if self._decoder is not None:
                data = self._decoder.decode(data)
            if not data:
                return
            _write_all(self._claim.body, data)
        except OSError as error:
            self._fail(error)
            return
        except BadContentEncoding as error:
            self._fail(error, "bad_content_encoding")
            return
        self.reads += 1
        self.size += len(data)
        self._sha256.update(data)
        self._append(encode_read(time, len(data)))
        if time - self._looked > LOOK_EVERY:
            self._looked = time
            self._look()

    def close(self, end: str = "eof", *, error: str | None = None, at: float | None = None) -> None:
        """Write how the stream ended, and close the files. A second call does nothing.

        Args:
            end: see ``End.reason``.
            error: what the library or the system said of it, kept under this name.
            at: when it ended, in seconds since the request was sent; None: now.
        """
        with self._lock:
            if self._open and not self._begun:
                self._begin(None, (), None, None)
            if self._open:
                self._close(end, error, at)

    def _close(self, end: str, error: str | None, at: float | None) -> None:
        self.end, self.message = end, error
        line = End(
            end,
            t=round(self._time(at), 6),
            bytes=self.size,
            sha256=self._sha256.hexdigest(),
            extra={} if error is None else {"error": kept_text(error)},
        )
        self._append(encode_end(line))
        if self._open:
            self._look()
        self._shut()

    def abandon(self) -> None:
        """Leave nothing behind: no response came. What was there before is as it was.

        Once a response has begun, this is ``close("interrupted")``.
        """
        if self._begun:
            self.close("interrupted")
        elif self._open:
            self._shut()
            remove(self._claim.made)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the recording, by the exception that ended the block."""
        message = f"{type(exc).__name__}: {exc}" if isinstance(exc, Exception) else None
        self.close(end_reason(exc), error=message)

    def __del__(self) -> None:
        if getattr(self, "_open", False):
            self._shut()

    def _sent(self, at: float) -> None:
        self._zero = at
        started = datetime.now(UTC).timestamp() - (self._clock() - at)
        self._started = datetime.fromtimestamp(started, UTC)

    def _time(self, at: float | None) -> float:
        time = self._clock() - self._zero if at is None else at
        if self._latest < time < math.inf:
            self._latest = time
        return self._latest

    def _begin(
        self, status: int | None, headers: Headers, at: float | None, decoded: str | None
    ) -> None:
        self._begun = True
        header = Header(
            started=self._started.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            request=self._request,
            status=status,
            headers=kept_response_headers(headers),
            headers_at=None if at is None else round(at, 6),
            decoded=decoded,
        )
        if self._overwrite:
            try:
                self._claim = replace(self._claim, self.path)
            except OSError as error:
                self._stop(error)  # and no line more: what was there before may still be whole
                return
        self._append(encode_header(header))

    def _append(self, line: bytes) -> None:
        try:
            _write_all(self._claim.sidecar, line)
        except OSError as error:
            # What comes behind half a line would damage the file: nothing more goes into it.
            self._stop(error)

    def _look(self) -> None:
        """Find out whether somebody removed the files: they take writes all the same."""
        with contextlib.suppress(OSError):
            links = (os.fstat(self._claim.body).st_nlink, os.fstat(self._claim.sidecar).st_nlink)
            if 0 in links:
                self._stop(OSError(errno.ENOENT, "the file was removed while it was being written"))

    def _fail(self, error: Exception, end: str = "interrupted") -> None:
        """End the recording for an error that left the timing file whole."""
        self.end, self.message = end, _words(error)
        line = encode_end(End(end, extra={"error": kept_text(_words(error))}))
        with contextlib.suppress(OSError):
            _write_all(self._claim.sidecar, line)
        self._stop(error)

    def _stop(self, error: Exception) -> None:
        self.error = error
        self._shut()
        message = f"{self.path}: {_words(error)}; the recording ends here, the stream goes on"
        try:
            self._on_error(message)
        except Exception:  # it is called in the midst of the stream
            logging.getLogger("sseparse").exception("on_error could not take: %s", message)

    def _shut(self) -> None:
        self._open = False
        for descriptor in (self._claim.body, self._claim.sidecar):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    written = os.write(descriptor, data)
    while written < len(data):  # the disk is all but full
        written += os.write(descriptor, memoryview(data)[written:])


def _words(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
