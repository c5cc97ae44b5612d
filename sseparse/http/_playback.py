"""What everything that answers requests out of recordings shares: which one, and what is due when.

A transport, an adapter or an app asks ``Replays`` for the playback that answers a request. It has
all that a player needs, and is made once for each recording: the head and when it is due, the reads
and when each is due, and how it ends. All times are seconds from the request, so whatever comes
late is late for itself alone.
"""

from __future__ import annotations

import functools
import math
import threading
import time
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import attrs

from sseparse.recording import Read, Recording, Request
from sseparse.replay import Ending, Transforms, ending_of, headers_of, status_of
from sseparse.replay._given import Replayable, as_recordings
from sseparse.replay._transforms import as_transforms

NAME_HEADER = "x-sseparse-recording"
NAME_PARAMETER = "recording"
"""Where a request may name the recording that it wants."""

AS_RECORDED = Transforms()

_LONGEST_WAIT = 1.0
"""Seconds: a thread that waits longer does so in parts, so that a Ctrl-C is noticed."""


@attrs.frozen(slots=False)
class Playback:
    """A recording as a response.

    Attributes:
        status: the HTTP status code.
        headers: name and value pairs, names in lower case.
        head_at: when status and headers are due, in seconds since the request.
        reads: the body; each read with the time when it is due. None is empty.
        ends_at: when it ends, by the same clock.
        ending: how.
        bodiless: there is no body at all, which HTTP says otherwise than that it is empty.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    head_at: float
    reads: tuple[Read, ...]
    ends_at: float
    ending: Ending
    bodiless: bool = False

    @classmethod
    def of(cls, recording: Recording) -> Playback:
        """Return the response that a recording makes, transformed already."""
        head_at = 0.0 if recording.header is None else recording.header.headers_at or 0.0
        playback = cls(
            status_of(recording),
            tuple((name.encode(), value.encode()) for name, value in headers_of(recording)),
            head_at,
            tuple(read for read in recording.reads if read.data),
            recording.duration,
            ending_of(recording),
        )
        # RFC 9110, 15.3.5 and 15.4.5: these have none.
        return playback.without_body() if playback.status in (204, 304) else playback

    def without_body(self) -> Playback:
        """Return the head of it, which is all that a HEAD request is answered with."""
        return Playback(
            self.status, self.headers, self.head_at, (), self.head_at, Ending.FINISH, bodiless=True
        )

    @functools.cached_property
    def wire(self) -> tuple[Read, ...]:
        r"""The response in HTTP/1.1, for clients that are best spoken to in bytes.

        The head, one chunk for each read, and the last chunk where the body ends as it should.

        >>> playback = Playback.of(Recording.from_bytes(b"data: 1\n\n"))
        >>> [frame.data for frame in playback.wire][1:]
        [b'9\r\ndata: 1\n\n\r\n', b'0\r\n\r\n']
        """
        headers = self.headers
        if not self.bodiless:
            headers += ((b"transfer-encoding", b"chunked"),)
        lines = [b"HTTP/1.1 %d %b" % (self.status, _reason(self.status))]
        lines += [b"%b: %b" % header for header in headers]
        frames = [Read(self.head_at, b"\r\n".join(lines) + b"\r\n\r\n")]
        if self.bodiless:
            return tuple(frames)
        frames += [Read(r.time, b"%x\r\n%b\r\n" % (len(r.data), r.data)) for r in self.reads]
        if self.ending is Ending.FINISH:
            frames.append(Read(self.ends_at, b"0\r\n\r\n"))
        return tuple(frames)


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:  # 529 is Anthropic's own
        return b""


class Replays:
    """Recordings that answer requests, in any number of threads."""

    def __init__(self, recordings: Replayable, *, transforms: Transforms = AS_RECORDED) -> None:
        """Read the recordings.

        Args:
            recordings: a recording or its path, the path of a folder, or several of these; or
                ``Recordings``, whose turns are then shared with whoever else has them.
            transforms: what is done to each before it is played.

        Raises:
            OSError: a file cannot be read.
            RecordingError: one is damaged, or a folder has none.
            ValueError: there is none at all; or, with a single recording, a transform is out of its
                range or a fault (``FaultError``) has nothing to break. With several this is raised
                when the one that it is true of is to be played.
        """
        self._recordings = as_recordings(recordings)
        self._transforms = as_transforms(transforms)
        self._lock = threading.Lock()
        self._playbacks: dict[int, tuple[Recording, Playback]] = {}
        if len(self._recordings.by_name) == 1:
            self._playback_of(*self._recordings.by_name.values())

    def _answer(self, request: Request) -> Playback:
        """Return what answers a request.

        Raises:
            NoSuchRecording: nothing does.
            ValueError: see ``__init__``.
        """
        with self._lock:
            recording = self._recordings.choose(request, _name_in(request))
            playback = self._playback_of(recording)
        return playback.without_body() if request.method.upper() == "HEAD" else playback

    def _playback_of(self, recording: Recording) -> Playback:
        known = self._playbacks.get(id(recording))
        if known is not None and known[0] is recording:
            return known[1]
        playback = Playback.of(self._transforms.apply(recording))
        self._playbacks[id(recording)] = recording, playback
        return playback


def _name_in(request: Request) -> str | None:
    """Return the name of the recording that a request asks for, by its query or its headers."""
    if f"{NAME_PARAMETER}=" in request.url:
        for name, value in parse_qsl(urlsplit(request.url).query):
            if name == NAME_PARAMETER:
                return value
    return next((value for name, value in request.headers if name.lower() == NAME_HEADER), None)


class Waiter:
    """Waits in a thread for what is due, as long as a client waits for a read and no longer."""

    def __init__(self, timeout: float | None) -> None:
        """Start the clock: times count from now.

        Args:
            timeout: seconds that the client waits for one read; None: forever.
        """
        self._start = time.monotonic()
        self._timeout = math.inf if timeout is None else timeout
        self._closed = threading.Event()

    def wait(self, due: float) -> None:
        """Wait until something is due; ``math.inf``: it will never be.

        Raises:
            TimeoutError: it is not due before the client's patience ends.
            ConnectionAbortedError: the response was closed meanwhile, by another thread.
        """
        deadline, limit = self._start + due, time.monotonic() + self._timeout
        until = min(deadline, limit)
        while (early := until - time.monotonic()) > 0:
            if self._closed.wait(min(early, _LONGEST_WAIT)):
                raise ConnectionAbortedError("the response was closed while it was read")
        if limit < deadline:
            raise TimeoutError("timed out")

    def close(self) -> None:
        """Let go whoever waits."""
        self._closed.set()
